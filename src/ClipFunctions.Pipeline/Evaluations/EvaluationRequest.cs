using System.Text.Json.Serialization;
using ClipFunctions.Evaluation;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>What a run is asked to do: the message of the evaluations queue, and the body of <c>POST api/evaluations</c>.</summary>
public sealed record EvaluationRequest
{
    /// <summary>The run's id: 1 to 64 letters, digits, <c>-</c> and <c>_</c>. Made up if absent; one that is there already is that very run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunId { get; init; }

    /// <summary>The data set: a folder, an archive or a manifest in the container of data sets.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Dataset { get; init; }

    /// <summary>Its layout (<c>folder</c>, <c>cifar</c>, <c>manifest</c>, <c>tar</c>); told by what is there if absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Format { get; init; }

    /// <summary>The model, with <c>:precision</c> or without; the host's default if absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    /// <summary>What is done; a linear probe if absent.</summary>
    public EvaluationKind Kind { get; init; }

    /// <summary>Linear probe: the inverse of the regularisation's strength, above 0. If absent, the best one is searched for.</summary>
    [JsonPropertyName("C")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? C { get; init; }

    /// <summary>Linear probe: whether C is searched for on a validation split; then <see cref="C"/> must be absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Sweep { get; init; }

    /// <summary>Zero-shot: a label set of the host whose labels are the classes in their order; the classes' own names if absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LabelSet { get; init; }

    /// <summary>Zero-shot: instead, a label for each class, in the classes' order.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Zero-shot: the sentences that labels are put into, <c>{}</c> standing for the label; the label set's, or <c>a photo of a {}.</c>, if absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Templates { get; init; }

    /// <summary>The share of train that becomes validation for the search, where the data set has none. 0.1 if absent; above 0 and below 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ValidationShare { get; init; }

    /// <summary>Draws the validation split and the bootstrap's samples. 0 if absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Seed { get; init; }
}
