namespace ClipFunctions.Pipeline.Poison;

/// <summary>A message that was put back.</summary>
/// <param name="Queue">The poison queue that it lay in.</param>
/// <param name="Id">Its id there.</param>
/// <param name="Target">The queue that it was put into.</param>
/// <param name="Subject">What it is about: an upload's path, or a run's id.</param>
/// <param name="Problem">Why it could not be put back, or still lies in the poison queue as well; absent if all went well.</param>
public sealed record ReplayedMessage(string Queue, string Id, string Target, string? Subject, string? Problem);
