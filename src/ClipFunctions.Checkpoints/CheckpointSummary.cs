using ClipFunctions.Checkpoints.Configuration;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Layouts;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints;

/// <summary>What a checkpoint holds, without converting it.</summary>
public sealed record CheckpointSummary
{
    /// <summary>The file of weights.</summary>
    public required string File { get; init; }

    /// <summary>Its tensors by name.</summary>
    public required IReadOnlyList<TensorInfo> Tensors { get; init; }

    /// <summary>The architecture that they make; null if they make no CLIP model that is known.</summary>
    public ClipArchitecture? Architecture { get; init; }

    /// <summary>Why they make none; null if they do.</summary>
    public string? Problem { get; init; }

    /// <summary>The numbers of all tensors together.</summary>
    public long Parameters => Tensors.Sum(tensor => tensor.Count);

    /// <summary>How many tensors are of each type.</summary>
    public IReadOnlyDictionary<TensorType, int> Types => Tensors.CountBy(tensor => tensor.Type).OrderByDescending(type => type.Value).ToDictionary();

    /// <summary>Whether a folder holds a file of weights.</summary>
    /// <param name="folder">The folder.</param>
    public static bool IsInside(string folder)
    {
        try
        {
            return Directory.Exists(folder) && CheckpointFolder.Find(folder).Length > 0;
        }
        catch (InvalidCheckpointException)
        {
            return false;
        }
    }

    /// <summary>Reads a checkpoint's names and shapes.</summary>
    /// <param name="source">The file of weights, or the folder that holds it.</param>
    /// <exception cref="InvalidCheckpointException">It is no file of weights.</exception>
    public static CheckpointSummary Read(string source)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        string file = CheckpointFolder.Find(source);
        using ICheckpoint checkpoint = CheckpointFile.Open(file);
        CheckpointSummary summary = new() { File = file, Tensors = [.. checkpoint.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)] };
        try
        {
            ModelConfiguration configuration = ConfigurationFinder.Find(checkpoint, Path.GetDirectoryName(Path.GetFullPath(file))!, null);
            return summary with { Architecture = ModelLayout.Read(checkpoint, configuration).Architecture };
        }
        catch (InvalidCheckpointException exception)
        {
            return summary with { Problem = exception.Message };
        }
    }
}
