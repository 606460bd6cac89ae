using System.Globalization;
using System.Text;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>Turns labels into values that blob index tags allow: letters, digits, space and <c>+ - . / : = _</c>, at most 256.</summary>
public static class TagSlug
{
    /// <summary>Azure's limit on a tag's value, in characters.</summary>
    public const int MaxLength = 256;

    /// <summary>
    /// Lower-cased ASCII words joined by <c>-</c> (<c>"Hot dog!"</c> → <c>hot-dog</c>, <c>"crème brûlée"</c> →
    /// <c>creme-brulee</c>); <c>label-{index}</c> where no ASCII letter or digit is left.
    /// </summary>
    public static string From(string label, int index)
    {
        ArgumentNullException.ThrowIfNull(label);
        StringBuilder slug = new(label.Length);
        bool gap = false;
        foreach (Rune rune in Decompose(label).EnumerateRunes())
        {
            if (rune.IsAscii && Rune.IsLetterOrDigit(rune))
            {
                if (gap && slug.Length > 0)
                {
                    slug.Append('-');
                }

                slug.Append((char)Rune.ToLowerInvariant(rune).Value);
                gap = false;
            }
            else if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark)
            {
                gap = true;
            }

            if (slug.Length >= MaxLength)
            {
                break;
            }
        }

        return slug.Length > 0
            ? slug.ToString()
            : string.Create(CultureInfo.InvariantCulture, $"label-{index}");
    }

    private static string Decompose(string label)
    {
        try
        {
            return label.Normalize(NormalizationForm.FormD);
        }
        catch (ArgumentException)
        {
            // Lone surrogates have no decomposition; they become gaps.
            return label;
        }
    }
}
