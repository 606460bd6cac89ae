namespace ClipFunctions.Pipeline.Uploads;

/// <summary>An upload that could not be gone over; the next run takes it up again.</summary>
/// <param name="Name">Its path.</param>
/// <param name="Message">What was wrong.</param>
public sealed record RetagFault(string Name, string Message);
