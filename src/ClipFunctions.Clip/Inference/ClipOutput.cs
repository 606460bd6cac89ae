namespace ClipFunctions.Clip.Inference;

/// <summary>What the reference's <c>model(image, text)</c> returns.</summary>
/// <param name="LogitsPerImage"><c>[pictures, texts]</c>: exp(logit_scale) · cosine (+ bias).</param>
/// <param name="LogitsPerText"><c>[texts, pictures]</c>: the same, rows and columns exchanged.</param>
public sealed record ClipOutput(LogitMatrix LogitsPerImage, LogitMatrix LogitsPerText);
