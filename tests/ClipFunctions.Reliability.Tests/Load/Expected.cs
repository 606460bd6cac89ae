namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>The right answer about a picture.</summary>
/// <param name="Vector">What the encoder gives, alone and undisturbed; null if it is no picture.</param>
/// <param name="Labels">The best labels, best first.</param>
internal sealed record Expected(float[]? Vector, IReadOnlyList<string> Labels);
