using ClipFunctions.Probe.Features;

namespace ClipFunctions.Evaluation;

/// <summary>Pictures with vector and label.</summary>
/// <param name="Vectors"><c>[n, dimension]</c>, not normalised; read in place, from the set that this is of.</param>
/// <param name="Labels">Their classes' indexes, <c>[n]</c>.</param>
/// <param name="Items">Their indexes in the plan, <c>[n]</c>.</param>
public sealed record SplitFeatures(FeatureMatrix Vectors, int[] Labels, int[] Items);
