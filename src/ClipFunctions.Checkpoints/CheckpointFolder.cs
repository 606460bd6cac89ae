namespace ClipFunctions.Checkpoints;

/// <summary>Finds the file of weights in a folder as the hub's repositories have it.</summary>
internal static class CheckpointFolder
{
    // In this order: an index stands for its shards, and safetensors are read more quickly than pickles.
    private static readonly string[][] Kinds = [[".safetensors.index.json"], [".safetensors"], [".bin.index.json"], [".pt", ".pth", ".bin"]];

    // Of two namings of the same weights in one folder the one that open_clip's configuration belongs to.
    private static readonly string[] Preferred = ["open_clip_model.safetensors", "model.safetensors", "open_clip_pytorch_model.bin", "pytorch_model.bin"];

    /// <summary>The file itself, or the one of its folder.</summary>
    /// <exception cref="InvalidCheckpointException">There is none, or there are several.</exception>
    public static string Find(string source)
    {
        if (File.Exists(source))
        {
            return source;
        }

        if (!Directory.Exists(source))
        {
            throw new InvalidCheckpointException(source, null, "there is no such file or folder.");
        }

        string[] all = [.. Directory.GetFiles(source).Order(StringComparer.Ordinal)];
        foreach (string[] endings in Kinds)
        {
            string[] files = [.. all.Where(file => endings.Any(ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))];
            if (files.Length == 1)
            {
                return files[0];
            }

            if (files.Length > 1)
            {
                return Preferred.Select(name => files.FirstOrDefault(file => Path.GetFileName(file) == name)).FirstOrDefault(file => file is not null)
                    ?? throw new InvalidCheckpointException(source, null, $"holds {files.Length} files of weights ({string.Join(", ", files.Take(4).Select(Path.GetFileName))}{(files.Length > 4 ? " …" : "")}): name the one to convert.");
            }
        }

        throw new InvalidCheckpointException(source, null, "holds no file of weights: expected .safetensors, .pt, .pth or .bin.");
    }
}
