namespace ClipFunctions.Clip.ZeroShot;

/// <summary>How well a label fits a picture.</summary>
/// <param name="Label">The label.</param>
/// <param name="Index">Its place in the label set.</param>
/// <param name="Probability">0…1; over all labels of the set together 1 for softmax models, each for itself for sigmoid models.</param>
/// <param name="Logit">exp(logit_scale) · cosine (+ bias).</param>
public readonly record struct LabelScore(string Label, int Index, float Probability, float Logit);
