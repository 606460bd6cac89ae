namespace ClipFunctions.Pipeline.Poison;

/// <summary>A message that was given up.</summary>
/// <param name="Queue">The poison queue that it lies in.</param>
/// <param name="Id">Its id there.</param>
/// <param name="Subject">What it is about: an upload's path, or a run's id; absent if the message does not tell.</param>
/// <param name="Inserted">When it was given up, UTC.</param>
/// <param name="Expires">When it vanishes of itself, UTC; absent for never.</param>
/// <param name="DequeueCount">How often it has been looked at in the poison queue.</param>
/// <param name="Reason">What the upload's record or the run's status says; absent if they say nothing.</param>
/// <param name="Body">The message, decoded.</param>
public sealed record PoisonMessage(
    string Queue,
    string Id,
    string? Subject,
    DateTimeOffset? Inserted,
    DateTimeOffset? Expires,
    long DequeueCount,
    string? Reason,
    string Body);
