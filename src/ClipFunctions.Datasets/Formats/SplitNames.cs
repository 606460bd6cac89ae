using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Formats;

/// <summary>What splits are called.</summary>
internal static class SplitNames
{
    /// <summary>The split of a name, in any case; null if it is none.</summary>
    public static DatasetSplit? Parse(ReadOnlySpan<char> name)
    {
        if (name.Equals("train", StringComparison.OrdinalIgnoreCase))
        {
            return DatasetSplit.Train;
        }

        if (name.Equals("test", StringComparison.OrdinalIgnoreCase))
        {
            return DatasetSplit.Test;
        }

        return name.Equals("val", StringComparison.OrdinalIgnoreCase)
            || name.Equals("valid", StringComparison.OrdinalIgnoreCase)
            || name.Equals("validation", StringComparison.OrdinalIgnoreCase)
            ? DatasetSplit.Validation
            : null;
    }

    /// <summary>The split that a file's path names: its innermost folder that does, else the first word of the file's name that does.</summary>
    public static DatasetSplit? OfPath(string path)
    {
        int file = path.LastIndexOf('/') + 1;
        DatasetSplit? found = null;
        foreach (Range folder in path.AsSpan(0, file).Split('/'))
        {
            found = Parse(path.AsSpan(0, file)[folder]) ?? found;
        }

        return found ?? OfWords(path.AsSpan(file));
    }

    private static DatasetSplit? OfWords(ReadOnlySpan<char> name)
    {
        while (name.Length > 0)
        {
            int length = 0;
            while (length < name.Length && char.IsLetter(name[length]))
            {
                length++;
            }

            if (Parse(name[..length]) is { } split)
            {
                return split;
            }

            name = name[Math.Max(length, 1)..];
        }

        return null;
    }
}
