using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.ModelCaching;

/// <summary>A model in a directory of models.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Bundle">What its manifest says; null if it has none (another tool's ONNX files) or a broken one.</param>
/// <param name="Problem">What is wrong with it; null if nothing is.</param>
public sealed record ListedModel(string Folder, ModelBundle? Bundle, string? Problem);
