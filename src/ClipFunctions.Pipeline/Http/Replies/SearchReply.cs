namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>Tagged pictures, the nearest first.</summary>
internal sealed record SearchReply
{
    /// <summary>The model's id.</summary>
    public required string Model { get; init; }

    /// <summary>Its fingerprint: only pictures tagged with this very model are found.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>How many pictures were compared.</summary>
    public required int Pictures { get; init; }

    /// <summary>Whether there are more pictures than are kept in memory (<c>Clip:Search:MaxPictures</c>).</summary>
    public required bool Truncated { get; init; }

    /// <summary>Best first.</summary>
    public required IReadOnlyList<SearchHit> Results { get; init; }

    /// <summary>The address of the next page; null at the end.</summary>
    public string? Next { get; init; }
}
