namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>Which run made a shard's vectors, and how long that took; written once, with the vectors.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Started">When its pictures began to be read, UTC by the clock of the host that did it.</param>
/// <param name="Seconds">How long they took, without loading the model.</param>
internal sealed record ShardExtraction(string RunId, DateTimeOffset Started, double Seconds);
