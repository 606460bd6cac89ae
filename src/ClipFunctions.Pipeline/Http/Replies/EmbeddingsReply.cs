using System.Text.Json.Serialization;
using ClipFunctions.Pipeline.Http.Problems;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>Vectors of pictures or texts.</summary>
internal sealed record EmbeddingsReply
{
    /// <summary>The model's id.</summary>
    public required string Model { get; init; }

    /// <summary>Its fingerprint: vectors of different ones must not be compared.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The vectors' length.</summary>
    public required int Dimension { get; init; }

    /// <summary>Whether they are of length 1.</summary>
    public required bool Normalized { get; init; }

    /// <summary>Tokens of all texts together; absent for pictures.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Tokens { get; init; }

    /// <summary>The vectors in the order of the request; null for a picture that has none.</summary>
    public required IReadOnlyList<EmbeddingVector?> Embeddings { get; init; }

    /// <summary>The pictures that have none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PictureError>? Errors { get; init; }
}
