namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>One check of <see cref="HealthReply"/>.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Status"><c>ok</c> or <c>failed</c>.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Milliseconds">How long it took.</param>
public sealed record HealthItem(string Name, string Status, string Detail, double Milliseconds);
