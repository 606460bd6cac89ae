using System.Text.Json.Serialization;
using ClipFunctions.Pipeline.Http.Problems;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>Pictures and their best labels.</summary>
internal sealed record ClassifyReply
{
    /// <summary>The model's id.</summary>
    public required string Model { get; init; }

    /// <summary>Its fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The labels that were asked about.</summary>
    public required ClassifyLabelSet LabelSet { get; init; }

    /// <summary><c>softmax</c> (probabilities over all labels) or <c>sigmoid</c> (each for itself).</summary>
    public required string Scoring { get; init; }

    /// <summary>The pictures in their order; null for one that could not be read.</summary>
    public required IReadOnlyList<ClassifiedPicture?> Results { get; init; }

    /// <summary>Those that could not be read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PictureError>? Errors { get; init; }
}
