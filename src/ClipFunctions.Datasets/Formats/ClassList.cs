using System.Globalization;

namespace ClipFunctions.Datasets.Formats;

/// <summary>A list of class names, one a line.</summary>
internal static class ClassList
{
    /// <summary>
    /// The names in their order; lines are trimmed, empty ones at the end left out. A name that stands there twice (as in some lists of ImageNet's) has its
    /// number behind it, and so does an empty one.
    /// </summary>
    public static List<string> Parse(string text)
    {
        List<string> lines = [.. text.TrimStart('\uFEFF').Split('\n').Select(line => line.Trim())];
        while (lines.Count > 0 && lines[^1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < lines.Count; i++)
        {
            while (lines[i].Length == 0 || !seen.Add(lines[i]))
            {
                lines[i] = string.Create(CultureInfo.InvariantCulture, $"{lines[i]} ({i})").TrimStart();
            }
        }

        return lines;
    }
}
