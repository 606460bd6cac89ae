using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;

namespace ClipFunctions.Pipeline.Storage;

/// <summary>Which container holds what, and how the blobs that belong to an upload are named.</summary>
public sealed record StorageLayout
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Storage";

    /// <summary>Azure's limit on a blob's name, in characters.</summary>
    public const int MaxBlobNameLength = 1024;

    /// <summary><see cref="Uploads"/> unless it is set.</summary>
    public const string DefaultUploads = "uploads";

    /// <summary><see cref="EvaluationQueue"/> unless it is set.</summary>
    public const string DefaultEvaluationQueue = "clip-evaluations";

    /// <summary><see cref="ShardQueue"/> unless it is set.</summary>
    public const string DefaultShardQueue = "clip-evaluation-shards";

    /// <summary><see cref="FitQueue"/> unless it is set.</summary>
    public const string DefaultFitQueue = "clip-evaluation-fits";

    private const string ContainerPattern = "^[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}$";

    // Room for "-poison".
    private const string QueuePattern = "^[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,55}$";

    /// <summary>The watched container. Default <c>uploads</c>.</summary>
    [RegularExpression(ContainerPattern)]
    public string Uploads { get; init; } = DefaultUploads;

    /// <summary>Result records. Default <c>results</c>.</summary>
    [RegularExpression(ContainerPattern)]
    public string Results { get; init; } = "results";

    /// <summary>Embeddings as <c>.npy</c>. Default <c>embeddings</c>.</summary>
    [RegularExpression(ContainerPattern)]
    public string Embeddings { get; init; } = "embeddings";

    /// <summary>Ready model bundles, shared by all instances; made when the first one is stored. Default <c>models</c>.</summary>
    [RegularExpression(ContainerPattern)]
    public string Models { get; init; } = "models";

    /// <summary>Labelled pictures that models are measured on. Default <c>datasets</c>.</summary>
    [RegularExpression(ContainerPattern)]
    public string Datasets { get; init; } = "datasets";

    /// <summary>Runs, their reports, and the vectors that they share. Default <c>evaluations</c>.</summary>
    [RegularExpression(ContainerPattern)]
    public string Evaluations { get; init; } = "evaluations";

    /// <summary>The queue of runs. Default <c>clip-evaluations</c>.</summary>
    [RegularExpression(QueuePattern)]
    public string EvaluationQueue { get; init; } = DefaultEvaluationQueue;

    /// <summary>The queue of the runs' shards. Default <c>clip-evaluation-shards</c>.</summary>
    [RegularExpression(QueuePattern)]
    public string ShardQueue { get; init; } = DefaultShardQueue;

    /// <summary>The queue of the runs' fits. Default <c>clip-evaluation-fits</c>.</summary>
    [RegularExpression(QueuePattern)]
    public string FitQueue { get; init; } = DefaultFitQueue;

    /// <summary>The containers that the pipeline creates at start.</summary>
    public IReadOnlyList<string> Containers => [Uploads, Results, Embeddings, Datasets, Evaluations];

    /// <summary>The queues of evaluations, in the order of a run.</summary>
    public IReadOnlyList<string> Queues => [EvaluationQueue, ShardQueue, FitQueue];

    /// <summary>The result record of an upload: <c>{path}.json</c>.</summary>
    public static string ResultName(string uploadName) => DerivedName(uploadName, ".json");

    /// <summary>The embedding of an upload: <c>{path}.npy</c>.</summary>
    public static string EmbeddingName(string uploadName) => DerivedName(uploadName, ".npy");

    // A name too long for its suffix keeps its beginning and ends in its hash.
    private static string DerivedName(string uploadName, string suffix)
    {
        if (uploadName.Length + suffix.Length <= MaxBlobNameLength)
        {
            return uploadName + suffix;
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(uploadName)));
        int keep = MaxBlobNameLength - suffix.Length - hash.Length - 1;
        if (char.IsHighSurrogate(uploadName[keep - 1]))
        {
            keep--;
        }

        return $"{uploadName.AsSpan(0, keep)}~{hash}{suffix}";
    }
}
