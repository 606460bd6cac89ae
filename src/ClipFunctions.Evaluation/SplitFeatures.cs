using ClipFunctions.Clip.Inference;

namespace ClipFunctions.Evaluation;

/// <summary>Pictures with vector and label.</summary>
/// <param name="Vectors"><c>[n, dimension]</c>, not normalised.</param>
/// <param name="Labels">Their classes' indexes, <c>[n]</c>.</param>
/// <param name="Items">Their indexes in the plan, <c>[n]</c>.</param>
public sealed record SplitFeatures(EmbeddingMatrix Vectors, int[] Labels, int[] Items);
