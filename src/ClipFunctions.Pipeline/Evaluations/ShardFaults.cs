using ClipFunctions.Evaluation;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>The pictures of a shard that have no vector; their rows are zeros.</summary>
/// <param name="Pictures">How many rows the shard has.</param>
/// <param name="Faults">Which of them have none, and why; in the rows' order.</param>
/// <param name="Made">Who made the vectors, and how long it took; null if that was not written down.</param>
internal sealed record ShardFaults(int Pictures, IReadOnlyList<PictureFault> Faults, ShardExtraction? Made = null);
