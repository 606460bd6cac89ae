namespace ClipFunctions.Evaluation;

/// <summary>A picture of a data set that has no vector.</summary>
/// <param name="Row">Its row among the pictures that were asked for.</param>
/// <param name="Name">Its name.</param>
/// <param name="Reason">A stable code: <c>Corrupt</c>, <c>UnsupportedFormat</c> …</param>
/// <param name="Message">What was wrong.</param>
public sealed record PictureFault(int Row, string Name, string Reason, string Message);
