using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.ModelCaching;

/// <summary>Which model is wanted, and in which arithmetic. Its text form is <c>id</c> or <c>id:precision</c>, as in <c>ViT-B/32:int8</c>.</summary>
/// <param name="Id">The model's id or an alias.</param>
/// <param name="Precision">The arithmetic; null for whichever there is, and <see cref="ModelPrecision.Fp32"/> where it must be made first.</param>
public sealed record ModelRequest(string Id, ModelPrecision? Precision = null)
{
    /// <summary>Reads the text form.</summary>
    /// <param name="text"><c>id</c> or <c>id:precision</c> with <c>fp32</c>, <c>fp16</c> or <c>int8</c>.</param>
    /// <exception cref="FormatException">It is neither.</exception>
    public static ModelRequest Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim();
        int colon = trimmed.IndexOf(':', StringComparison.Ordinal);
        string id = colon < 0 ? trimmed : trimmed[..colon];
        if (id.Length is 0 or > 128 || id.Any(c => !char.IsAsciiLetterOrDigit(c) && !"-_./@+".Contains(c, StringComparison.Ordinal)))
        {
            throw new FormatException($"'{Shown(id)}' is not a model id: 1 to 128 letters, digits and - _ . / @ + only.");
        }

        return new ModelRequest(id, colon < 0 ? null : ParsePrecision(trimmed[(colon + 1)..]));
    }

    /// <summary>Reads a precision: <c>fp32</c>, <c>fp16</c> or <c>int8</c>.</summary>
    /// <param name="text">Its name.</param>
    /// <exception cref="FormatException">It is none of them.</exception>
    public static ModelPrecision ParsePrecision(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Trim().ToLowerInvariant() switch
        {
            "fp32" => ModelPrecision.Fp32,
            "fp16" => ModelPrecision.Fp16,
            "int8" => ModelPrecision.DynamicInt8,
            _ => throw new FormatException($"'{Shown(text)}' is no precision: expected fp32, fp16 or int8."),
        };
    }

    /// <summary>The name of a precision.</summary>
    /// <param name="precision">One of the three.</param>
    public static string NameOf(ModelPrecision precision) => precision switch
    {
        ModelPrecision.Fp32 => "fp32",
        ModelPrecision.Fp16 => "fp16",
        ModelPrecision.DynamicInt8 => "int8",
        _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "No such precision."),
    };

    // It may be a stranger's, and of any length.
    private static string Shown(string text) => text.Length <= 128 ? text : text[..128] + "…";

    /// <summary>The text form.</summary>
    public override string ToString() => Precision is { } precision ? $"{Id}:{NameOf(precision)}" : Id;
}
