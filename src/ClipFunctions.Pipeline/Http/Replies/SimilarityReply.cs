using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>What the reference's <c>model(image, text)</c> gives, by its names, with the probabilities of each picture.</summary>
internal sealed record SimilarityReply
{
    /// <summary>The model's id.</summary>
    public required string Model { get; init; }

    /// <summary>Its fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary><c>softmax</c> or <c>sigmoid</c>.</summary>
    public required string Scoring { get; init; }

    /// <summary>The factor on the cosine.</summary>
    public required float LogitScale { get; init; }

    /// <summary>What is added to it; 0 but for sigmoid models.</summary>
    public required float LogitBias { get; init; }

    /// <summary><c>[pictures, texts]</c>.</summary>
    [JsonPropertyName("logits_per_image")]
    public required IReadOnlyList<ReadOnlyMemory<float>> LogitsPerImage { get; init; }

    /// <summary><c>[texts, pictures]</c>.</summary>
    [JsonPropertyName("logits_per_text")]
    public required IReadOnlyList<ReadOnlyMemory<float>> LogitsPerText { get; init; }

    /// <summary><c>[pictures, texts]</c>.</summary>
    [JsonPropertyName("probs")]
    public required IReadOnlyList<ReadOnlyMemory<float>> Probabilities { get; init; }
}
