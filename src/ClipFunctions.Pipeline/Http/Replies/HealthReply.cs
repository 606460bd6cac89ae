namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>The answer of the health endpoints.</summary>
/// <param name="Status"><c>live</c>, <c>ready</c> or <c>not ready</c>.</param>
/// <param name="Checks">What was looked at.</param>
public sealed record HealthReply(string Status, IReadOnlyList<HealthItem> Checks);
