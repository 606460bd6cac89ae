namespace ClipFunctions.Pipeline.Poison;

/// <summary>What lies in the poison queues.</summary>
/// <param name="Messages">The messages that can be seen, queue by queue, those that were given up first at the front.</param>
/// <param name="Hidden">How many more there are about: somebody is looking at them just now. An estimate of the storage service.</param>
public sealed record PoisonListing(IReadOnlyList<PoisonMessage> Messages, int Hidden);
