namespace ClipFunctions.Pipeline.Uploads;

/// <summary>One label of a tagged upload.</summary>
/// <param name="Label">The label as the label set writes it.</param>
/// <param name="Index">Its index in the label set.</param>
/// <param name="Probability">0–1, by the model's scoring rule.</param>
/// <param name="Logit">Scaled cosine.</param>
public sealed record UploadLabel(string Label, int Index, float Probability, float Logit);
