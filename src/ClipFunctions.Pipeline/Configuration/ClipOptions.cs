using System.ComponentModel.DataAnnotations;

namespace ClipFunctions.Pipeline.Configuration;

/// <summary>What uploads are tagged with.</summary>
public sealed record ClipOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Clip";

    /// <summary>The most labels that a tag run puts on a blob: blobs hold ten tags, and two of ours tell model and state.</summary>
    public const int MaxTaggedLabels = 8;

    /// <summary>The model's id. Default <c>demo</c>, the one that ships with the code.</summary>
    [Required]
    public string Model { get; init; } = "demo";

    /// <summary>Labels to choose from; empty (the default) takes <see cref="LabelSetFile"/>, else the model's own label set.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>
    /// Prompt templates for <see cref="Labels"/>, <c>{}</c> standing for the label; empty (the default) takes the one template
    /// <c>a photo of a {}.</c>
    /// </summary>
    /// <remarks>Empty, because configuration adds to what a collection holds.</remarks>
    public IReadOnlyList<string> Templates { get; init; } = [];

    /// <summary>A JSON file <c>{"name", "templates", "labels"}</c>; used when <see cref="Labels"/> is empty.</summary>
    public string? LabelSetFile { get; init; }

    /// <summary>A directory of such files: requests may choose among their label sets by name. None by default.</summary>
    public string? LabelSetDirectory { get; init; }

    /// <summary>
    /// A linear probe's classifier to tag with instead of labels: the id of a finished evaluation run, or the path of a <c>.npz</c> file. None by
    /// default.
    /// </summary>
    public string? Head { get; init; }

    /// <summary>How many labels a result record holds. Default 5.</summary>
    [Range(1, 1000)]
    public int TopK { get; init; } = 5;

    /// <summary>How many of them become blob index tags <c>clip_1</c> … Default 3.</summary>
    [Range(0, MaxTaggedLabels)]
    public int TaggedLabels { get; init; } = 3;
}
