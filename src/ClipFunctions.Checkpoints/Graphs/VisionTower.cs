using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Clip.Bundles;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>What the vision towers share: their input, and which of them a model has.</summary>
internal static class VisionTower
{
    public const string InputName = "pixels";

    public static OnnxGraph Build(ICheckpoint checkpoint, ClipArchitecture architecture, PreprocessingSpec preprocessing, GraphOptions options)
        => architecture.Vision.Kind == VisionKind.VisionTransformer
            ? new VisionTransformerGraph(checkpoint, architecture, preprocessing, options).Graph
            : new ModifiedResNetGraph(checkpoint, architecture, preprocessing, options).Graph;

    public static string BytesInput(OnnxGraph graph, int size) => graph.Input(InputName, DataType.Uint8, "n", size, size, 3);

    public static string FloatsInput(OnnxGraph graph, int size) => graph.Input(InputName, DataType.Float, "n", 3, size, size);
}
