using System.Text.Json.Serialization;
using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>An upload that was handled.</summary>
internal sealed record ListedUpload
{
    /// <summary>Its path in the uploads container.</summary>
    public required string Name { get; init; }

    /// <summary>Tagged or failed.</summary>
    public required UploadState State { get; init; }

    /// <summary>The version that was looked at.</summary>
    public required string ETag { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>What it was tagged with, best first.</summary>
    public required IReadOnlyList<ListedLabel> Labels { get; init; }

    /// <summary>Why it failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UploadFailure? Failure { get; init; }

    /// <summary>The model's id.</summary>
    public required string Model { get; init; }

    /// <summary>When its record was made.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The address of its bytes.</summary>
    public required string Picture { get; init; }

    /// <summary>The address of its record.</summary>
    public required string Result { get; init; }
}
