using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.Pipeline.Search;

/// <summary>An upload as the index holds it: what its record says, and its vector.</summary>
public sealed record IndexEntry
{
    /// <summary>Its path in the uploads container.</summary>
    public required string Name { get; init; }

    /// <summary>Tagged or failed.</summary>
    public required UploadState State { get; init; }

    /// <summary>The version of the picture that the record is about, quoted.</summary>
    public required string ETag { get; init; }

    /// <summary>The picture's bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The model that looked at it.</summary>
    public required UploadModel Model { get; init; }

    /// <summary>The best labels, best first; empty if failed.</summary>
    public required IReadOnlyList<UploadLabel> Labels { get; init; }

    /// <summary>Why it failed; absent if tagged.</summary>
    public UploadFailure? Failure { get; init; }

    /// <summary>When the record was made.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>
    /// The embedding, of length 1; empty for a failed upload, and where the version that the record names does not stand in storage any more.
    /// Vectors of different <see cref="UploadModel.Fingerprint"/>s are not comparable.
    /// </summary>
    public ReadOnlyMemory<float> Vector { get; init; }
}
