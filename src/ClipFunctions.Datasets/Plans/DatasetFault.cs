namespace ClipFunctions.Datasets.Plans;

/// <summary>Something in a data set that is no item.</summary>
/// <param name="Name">The file, the archive's member, or the manifest and its line.</param>
/// <param name="Reason">Why, for programs.</param>
/// <param name="Message">Why, for people.</param>
public sealed record DatasetFault(string Name, DatasetFaultReason Reason, string Message);
