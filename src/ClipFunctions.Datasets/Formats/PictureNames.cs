using System.Collections.Frozen;

namespace ClipFunctions.Datasets.Formats;

/// <summary>What names tell of files.</summary>
internal static class PictureNames
{
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Extensions =
        new[] { "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether an extension, without its dot, is a picture's.</summary>
    public static bool IsExtension(ReadOnlySpan<char> extension) => Extensions.Contains(extension);

    /// <summary>Whether a path ends in a picture's extension.</summary>
    public static bool IsPicture(ReadOnlySpan<char> path)
    {
        int dot = path.LastIndexOf('.');
        return dot > path.LastIndexOf('/') && IsExtension(path[(dot + 1)..]);
    }

    /// <summary>Whether a file or one of its folders is hidden, or something that operating systems leave behind.</summary>
    public static bool IsHidden(ReadOnlySpan<char> path)
    {
        foreach (Range segment in path.Split('/'))
        {
            if (path[segment] is ['.', ..] or "__MACOSX" or "Thumbs.db" or "desktop.ini")
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a file is a tar, gzipped or not, by its name.</summary>
    public static bool IsTar(string path) => EndsWith(path, ".tar", ".tar.gz", ".tgz");

    /// <summary>Whether a file may be a manifest, by its name.</summary>
    public static bool IsManifest(string path) => IsCsv(path) || EndsWith(path, ".jsonl", ".ndjson");

    /// <summary>Whether a file is comma-separated, by its name.</summary>
    public static bool IsCsv(string path) => EndsWith(path, ".csv");

    private static bool EndsWith(string path, params ReadOnlySpan<string> endings)
    {
        foreach (string ending in endings)
        {
            if (path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
