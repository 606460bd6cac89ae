using System.Text.Json.Serialization;
using ClipFunctions.Clip.Imaging;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>The record of one upload, <c>results/{blob path}.json</c>.</summary>
public sealed record UploadResult
{
    /// <summary>The version of this form. Now 1.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>Tagged or failed.</summary>
    public required UploadState State { get; init; }

    /// <summary>The picture, and the version of it that was looked at.</summary>
    public required UploadSource Source { get; init; }

    /// <summary>The model that looked at it.</summary>
    public required UploadModel Model { get; init; }

    /// <summary>How the picture became pixels (<c>Clip:Images:Mode</c>); absent if exact.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public PreprocessingMode Preprocess { get; init; }

    /// <summary>The label set that it was asked about.</summary>
    public required UploadLabelSet LabelSet { get; init; }

    /// <summary>The best labels, best first; empty if failed.</summary>
    public IReadOnlyList<UploadLabel> Labels { get; init; } = [];

    /// <summary>Where the embedding stands; absent if failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UploadEmbedding? Embedding { get; init; }

    /// <summary>Why it failed; absent if tagged.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UploadFailure? Failure { get; init; }

    /// <summary>How long the steps took.</summary>
    public required UploadTimings Timings { get; init; }

    /// <summary>When the record was made, UTC.</summary>
    public required DateTimeOffset Time { get; init; }
}
