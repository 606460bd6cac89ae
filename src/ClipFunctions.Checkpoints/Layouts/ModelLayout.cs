using System.Globalization;
using ClipFunctions.Checkpoints.Configuration;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Layouts;

/// <summary>
/// A checkpoint whose tensors are known: named as openai/CLIP names them, of an architecture that their shapes and the model's
/// configuration tell, each tensor there in its shape and none left over.
/// </summary>
internal sealed class ModelLayout
{
    private ModelLayout(CanonicalCheckpoint tensors, ClipArchitecture architecture)
    {
        Tensors = tensors;
        Architecture = architecture;
    }

    /// <summary>The tensors in openai's naming.</summary>
    public ICheckpoint Tensors { get; }

    /// <summary>What the model is made of.</summary>
    public ClipArchitecture Architecture { get; }

    /// <summary>Recognises the naming, infers the sizes and checks every tensor.</summary>
    /// <param name="checkpoint">The checkpoint; it must outlive the layout.</param>
    /// <param name="configuration">What the files beside it say.</param>
    /// <param name="activation">The activation where the configuration tells none.</param>
    /// <exception cref="InvalidCheckpointException">A tensor is missing, unknown or of a wrong shape, or the configuration says otherwise; it is named with expected and actual.</exception>
    public static ModelLayout Read(ICheckpoint checkpoint, ModelConfiguration? configuration = null, ActivationKind activation = ActivationKind.QuickGelu)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        IReadOnlyList<LayoutRule> rules = LayoutRules.For(checkpoint) ?? throw new InvalidCheckpointException(
            checkpoint.Name,
            null,
            $"its {checkpoint.Tensors.Count} tensors are named as in no CLIP model that is known: expected openai's names (visual.conv1.weight, token_embedding.weight), open_clip's (visual.trunk.…, text.…) or Hugging Face's (vision_model.…, text_model.…){Examples(checkpoint)}.");
        CanonicalCheckpoint tensors = new(checkpoint, rules, LayoutRules.IsBuffer);
        ClipArchitecture architecture = new ArchitectureReader(tensors, configuration ?? ModelConfiguration.None).Read(activation);
        Check(tensors, architecture);
        return new ModelLayout(tensors, architecture);
    }

    internal static bool HasDownsample(int stage, int block, long inputs, long planes) => (stage > 0 && block == 0) || inputs != planes * 4;

    private static string Examples(ICheckpoint checkpoint)
        => checkpoint.Tensors.Count == 0 ? "" : $"; found {string.Join(", ", checkpoint.Tensors.Keys.Order(StringComparer.Ordinal).Take(2))} …";

    private static void Check(CanonicalCheckpoint checkpoint, ClipArchitecture architecture)
    {
        IReadOnlyDictionary<string, long[]> expected = ExpectedTensors.Of(architecture, checkpoint.Tensors.ContainsKey);
        foreach ((string name, long[] shape) in expected)
        {
            if (!checkpoint.Tensors.TryGetValue(name, out TensorInfo? tensor))
            {
                throw new InvalidCheckpointException(checkpoint.Name, checkpoint.SourceName(name), $"is missing; expected {CanonicalCheckpoint.Text(shape)}.");
            }

            if (!tensor.Shape.SequenceEqual(shape))
            {
                throw checkpoint.WrongShape(name, shape);
            }

            if (tensor.Type is not (TensorType.F16 or TensorType.BF16 or TensorType.F32 or TensorType.F64))
            {
                throw new InvalidCheckpointException(checkpoint.Name, checkpoint.SourceName(name), $"expected floating-point numbers, found {tensor.Type}.");
            }
        }

        foreach (TensorInfo tensor in checkpoint.Tensors.Values)
        {
            if (!expected.ContainsKey(tensor.Name))
            {
                throw new InvalidCheckpointException(checkpoint.Name, checkpoint.SourceName(tensor.Name), $"{CanonicalCheckpoint.Text(tensor.Shape)} is no tensor of this model ({Describe(architecture)}).");
            }
        }
    }

    private static string Describe(ClipArchitecture architecture)
    {
        VisionArchitecture vision = architecture.Vision;
        return string.Create(CultureInfo.InvariantCulture, $"{vision.Kind}, width {vision.Width}, layers {string.Join("-", vision.Layers)}, {vision.ImageSize} px, text width {architecture.Text.Width}, layers {architecture.Text.Layers}");
    }
}
