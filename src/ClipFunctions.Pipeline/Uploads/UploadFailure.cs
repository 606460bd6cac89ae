namespace ClipFunctions.Pipeline.Uploads;

/// <summary>Why an upload can never be tagged.</summary>
/// <param name="Reason">A stable code: <c>UnsupportedFormat</c>, <c>Corrupt</c>, <c>TooManyPixels</c> …</param>
/// <param name="Message">What was wrong, with the limit and the actual value.</param>
public sealed record UploadFailure(string Reason, string Message);
