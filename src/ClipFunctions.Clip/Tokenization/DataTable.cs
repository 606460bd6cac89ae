using System.Globalization;
using System.Text;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>Reads the embedded tables that <c>tools/tokenizer-tables/generate.py</c> writes: a line is a name and its values.</summary>
internal static class DataTable
{
    /// <summary>The lines of a table by name.</summary>
    public static IEnumerable<(string Name, string Values)> Read(string file)
    {
        using Stream stream = typeof(DataTable).Assembly.GetManifestResourceStream($"ClipFunctions.Clip.Tokenization.Data.{file}")
            ?? throw new InvalidOperationException($"The tokenizer's table {file} is not embedded in {typeof(DataTable).Assembly.GetName().Name}.");
        using StreamReader reader = new(stream, Encoding.UTF8);
        while (reader.ReadLine() is string line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                int space = line.IndexOf(' ', StringComparison.Ordinal);
                yield return space < 0 ? (line, "") : (line[..space], line[(space + 1)..]);
            }
        }
    }

    /// <summary>A table's values by name.</summary>
    public static Dictionary<string, string> ReadAll(string file)
    {
        Dictionary<string, string> lines = new(StringComparer.Ordinal);
        foreach ((string name, string values) in Read(file))
        {
            lines.Add(name, values);
        }

        return lines;
    }

    /// <summary>A set, code point by code point.</summary>
    public static List<int> CodePoints(string values)
    {
        List<int> codePoints = [];
        foreach ((int first, int last) in Ranges(values))
        {
            for (int c = first; c <= last; c++)
            {
                codePoints.Add(c);
            }
        }

        return codePoints;
    }

    /// <summary>A set: inclusive ranges like <c>41-5a b5</c>.</summary>
    public static List<(int First, int Last)> Ranges(string values)
    {
        List<(int First, int Last)> ranges = [];
        foreach (Range part in values.AsSpan().Split(' '))
        {
            ReadOnlySpan<char> item = values.AsSpan(part);
            if (!item.IsEmpty)
            {
                int dash = item.IndexOf('-');
                ranges.Add(dash < 0 ? (Number(item), Number(item)) : (Number(item[..dash]), Number(item[(dash + 1)..])));
            }
        }

        return ranges;
    }

    /// <summary>A map: entries like <c>c0=41+300</c>, both sides being sequences.</summary>
    public static List<(int[] From, int[] To)> Map(string values)
    {
        List<(int[] From, int[] To)> map = [];
        foreach (Range part in values.AsSpan().Split(' '))
        {
            ReadOnlySpan<char> item = values.AsSpan(part);
            if (!item.IsEmpty)
            {
                int sign = item.IndexOf('=');
                map.Add((Sequence(item[..sign]), Sequence(item[(sign + 1)..])));
            }
        }

        return map;
    }

    /// <summary>Code points joined by <c>+</c>.</summary>
    public static int[] Sequence(ReadOnlySpan<char> item)
    {
        int plus = item.IndexOf('+');
        return plus < 0 ? [Number(item)] : [Number(item[..plus]), .. Sequence(item[(plus + 1)..])];
    }

    /// <summary>A list of numbers.</summary>
    public static int[] Numbers(string values) => Array.ConvertAll(values.Split(' ', StringSplitOptions.RemoveEmptyEntries), value => Number(value));

    private static int Number(ReadOnlySpan<char> text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
