using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>How graphs are built.</summary>
/// <param name="Precision">What they compute in.</param>
/// <param name="Weights">How the matrices of a graph that computes in 32 bits lie in its file.</param>
/// <param name="Input">What the vision graph takes.</param>
internal sealed record GraphOptions(ModelPrecision Precision, WeightStorage Weights, VisionInput Input);
