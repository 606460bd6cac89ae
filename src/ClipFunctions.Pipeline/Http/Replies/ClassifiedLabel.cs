namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A label and how well it fits.</summary>
/// <param name="Label">The label.</param>
/// <param name="Index">Its index in the set.</param>
/// <param name="Probability">0–1, by the model's scoring.</param>
/// <param name="Logit">Scaled cosine.</param>
internal sealed record ClassifiedLabel(string Label, int Index, float Probability, float Logit);
