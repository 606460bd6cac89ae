using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints;

/// <summary>How a checkpoint becomes a bundle. What is null here comes from the model card beside the checkpoint, else from the checkpoint itself or openai's defaults.</summary>
public sealed record ConversionOptions
{
    /// <summary>The bundle's id; by default the card's, else the checkpoint's file name without its ending.</summary>
    public string? Id { get; init; }

    /// <summary>What the graphs compute in; <see cref="ModelPrecision.Fp32"/> by default.</summary>
    public ModelPrecision Precision { get; init; } = ModelPrecision.Fp32;

    /// <summary>
    /// The model's configuration: <c>open_clip_config.json</c> or Hugging Face's <c>config.json</c>; by default the one beside the checkpoint
    /// that belongs to its naming.
    /// </summary>
    public string? ConfigurationFile { get; init; }

    /// <summary>The activation, which no tensor tells; by default the card's or the configuration's, else <see cref="ActivationKind.QuickGelu"/> (OpenAI's models).</summary>
    public ActivationKind? Activation { get; init; }

    /// <summary>Channel means; by default the card's or the configuration's, else OpenAI's (for sigmoid models one half).</summary>
    public IReadOnlyList<float>? Mean { get; init; }

    /// <summary>Channel standard deviations; by default the card's or the configuration's, else OpenAI's (for sigmoid models one half).</summary>
    public IReadOnlyList<float>? Std { get; init; }

    /// <summary>How a picture is brought to size (<see cref="PreprocessingSpec.ResizeMode"/>); by default the configuration's, else <c>shortest</c> (for sigmoid models <c>squash</c>).</summary>
    public string? ResizeMode { get; init; }

    /// <summary>The interpolation (<see cref="PreprocessingSpec.Interpolation"/>); by default the configuration's, else <c>bicubic</c>.</summary>
    public string? Interpolation { get; init; }

    /// <summary>The vocabulary's files; by default those that lie beside the checkpoint (<c>bpe…txt.gz</c>, or <c>vocab.json</c> and <c>merges.txt</c>). Empty: none.</summary>
    public IReadOnlyList<string>? TokenizerFiles { get; init; }

    /// <summary>The default label set's file; by default the <c>labels.json</c> beside the checkpoint, if there is one.</summary>
    public string? LabelsFile { get; init; }

    /// <summary>How the matrices of fp32 graphs lie in their files; 32 bits by default. The other precisions have storage of their own.</summary>
    public WeightStorage Weights { get; init; } = WeightStorage.Fp32;

    /// <summary>Where the checkpoint comes from; by default its file name. The SHA-256 is always computed.</summary>
    public ModelSource? Source { get; init; }

    /// <summary>Whether a bundle that is already there is replaced; by default it is an error.</summary>
    public bool Overwrite { get; init; }

    /// <summary>The input of the vision graph: bytes, or (for tests against the reference's tensors) normalised floats.</summary>
    internal GraphInputKind VisionInput { get; init; } = GraphInputKind.PixelsUInt8Nhwc;

    /// <summary>Bytes of constants beyond which a graph keeps them in a second file.</summary>
    internal long InlineLimit { get; init; } = Onnx.OnnxModelWriter.DefaultInlineLimit;
}
