using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Cli;

/// <summary>Label sets by their file, or by the name of one that ships.</summary>
internal static class LabelSetFile
{
    private static string Shipped => Path.Combine(AppContext.BaseDirectory, "labels");

    /// <summary>Reads a set.</summary>
    /// <param name="fileOrName">A file; where there is none of that name, a set that ships.</param>
    /// <exception cref="UsageException">There is neither.</exception>
    /// <exception cref="InvalidLabelSetException">It is no such JSON, or a rule is broken.</exception>
    public static LabelSet Load(string fileOrName)
    {
        if (File.Exists(fileOrName))
        {
            return LabelSet.Load(fileOrName);
        }

        string[] names = Directory.Exists(Shipped) ? [.. Directory.EnumerateFiles(Shipped, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)] : [];
        return names.Contains(fileOrName, StringComparer.OrdinalIgnoreCase)
            ? LabelSet.Load(Path.Combine(Shipped, fileOrName.ToLowerInvariant() + ".json"))
            : throw new UsageException($"There is no label set file '{fileOrName}', and none of that name ships{(names.Length > 0 ? $" ({string.Join(", ", names)} do)" : "")}.");
    }
}
