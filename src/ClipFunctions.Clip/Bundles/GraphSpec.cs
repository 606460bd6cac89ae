using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>A tower's ONNX graph: where it is and how to feed it.</summary>
public sealed record GraphSpec
{
    /// <summary>The graph's file.</summary>
    public required string File { get; init; }

    /// <summary>The input's name.</summary>
    public required string Input { get; init; }

    /// <summary>The input's element type and layout.</summary>
    public required GraphInputKind InputKind { get; init; }

    /// <summary>The output's name: float32 <c>[n, dimension]</c>; only its direction counts (ready-made graphs may have normalised it).</summary>
    public required string Output { get; init; }

    /// <summary>Text only: whether rows may be cut to the batch's longest, because the graph takes any width and its answer does not depend on the padding.</summary>
    public bool DynamicContext { get; init; }

    /// <summary>Text only: the name of a second input of the tokens' shape and type, 1 up to the token that is pooled and 0 behind it; null if the graph has none.</summary>
    public string? AttentionMask { get; init; }

    /// <summary>Whether the graph takes a single item, so that a batch is run one by one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SingleItem { get; init; }
}
