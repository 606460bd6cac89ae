using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Checkpoints.Onnx.Proto;
using ClipFunctions.Clip.Bundles;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.ReadyMade;

/// <summary>How a graph that another tool exported is fed, by its inputs and outputs.</summary>
internal static class TowerSignature
{
    private const string MaskName = "attention_mask";

    private static readonly string[] TokenNames = ["input_ids", "text", "tokens", "input"];

    public static GraphSpec OfVision(string path, string file, OnnxSignature signature, ReadyMadeModel model)
    {
        ValueInfoProto input = signature.Inputs.Count == 1
            ? signature.Inputs[0]
            : throw new InvalidCheckpointException(path, "inputs", $"expected one, the pixels, found {Names(signature.Inputs)}.");
        GraphInputKind kind = TypeOf(input) switch
        {
            DataType.Float => GraphInputKind.PixelsFloat32Nchw,
            DataType.Uint8 => GraphInputKind.PixelsUInt8Nhwc,
            _ => throw new InvalidCheckpointException(path, input.Name, $"expected float32 (or uint8) pixels, found element type {ElementType(input)}."),
        };
        int size = model.Preprocessing.Size;
        bool single = CheckShape(path, input, kind == GraphInputKind.PixelsFloat32Nchw ? [null, 3, size, size] : [null, size, size, 3]);
        return new GraphSpec { File = file, Input = input.Name, InputKind = kind, Output = Output(path, signature, model, "image"), SingleItem = single };
    }

    public static GraphSpec OfText(string path, string file, OnnxSignature signature, ReadyMadeModel model)
    {
        ValueInfoProto? mask = signature.Inputs.FirstOrDefault(input => input.Name == MaskName);
        ValueInfoProto[] others = [.. signature.Inputs.Where(input => input != mask)];
        ValueInfoProto input = TokenNames.Select(name => others.FirstOrDefault(input => input.Name == name)).FirstOrDefault(input => input is not null)
            ?? (others.Length == 1 ? others[0] : throw new InvalidCheckpointException(path, "inputs", $"expected the tokens ({string.Join(", ", TokenNames)}), found {Names(signature.Inputs)}."));
        if (others.Length > 1)
        {
            throw new InvalidCheckpointException(path, "inputs", $"expected the tokens and perhaps {MaskName}, found {Names(signature.Inputs)}.");
        }

        GraphInputKind kind = TypeOf(input) switch
        {
            DataType.Int32 => GraphInputKind.TokensInt32,
            DataType.Int64 => GraphInputKind.TokensInt64,
            _ => throw new InvalidCheckpointException(path, input.Name, $"expected int32 or int64 tokens, found element type {ElementType(input)}."),
        };
        int context = model.Architecture.Text.ContextLength;
        bool single = CheckShape(path, input, [null, context]);
        if (mask is not null)
        {
            if (ElementType(mask) != ElementType(input))
            {
                throw new InvalidCheckpointException(path, mask.Name, $"expected the element type of {input.Name} ({ElementType(input)}), found {ElementType(mask)}.");
            }

            CheckShape(path, mask, [null, context]);
        }

        return new GraphSpec
        {
            File = file,
            Input = input.Name,
            InputKind = kind,
            Output = Output(path, signature, model, "text"),
            AttentionMask = mask?.Name,
            SingleItem = single,

            // Only a causal tower may see shorter rows, and only if the graph was exported for any.
            DynamicContext = IsFree(input, 1) && (mask is null || IsFree(mask, 1)) && model.Architecture.Text is { Causal: true, Pooling: not TextPooling.Last },
        };
    }

    private static string Output(string path, OnnxSignature signature, ReadyMadeModel model, string tower)
    {
        // Without a projection behind it, the pooled state is the embedding: SigLIP.
        string[] names = [$"{tower}_embeds", "embedding", $"{tower}_embedding", "embeddings", .. model.Scoring.Kind == ScoringKind.Sigmoid ? (string[])["pooler_output"] : []];
        ValueInfoProto output = names.Select(name => signature.Outputs.FirstOrDefault(output => output.Name == name)).FirstOrDefault(output => output is not null)
            ?? (signature.Outputs.Count == 1 ? signature.Outputs[0] : throw new InvalidCheckpointException(path, "outputs", $"expected one of {string.Join(", ", names)}, found {Names(signature.Outputs)}."));
        if (TypeOf(output) != DataType.Float)
        {
            throw new InvalidCheckpointException(path, output.Name, $"expected float32, found element type {ElementType(output)}: export it with 32-bit inputs and outputs.");
        }

        CheckShape(path, output, [null, model.Architecture.EmbeddingDimension]);
        return output.Name;
    }

    // Whether the first dimension is fixed at one.
    private static bool CheckShape(string path, ValueInfoProto value, int?[] expected)
    {
        if (value.Type?.TensorType?.Shape is not { } shape)
        {
            return false;
        }

        bool fits = shape.Dim.Count == expected.Length;
        for (int i = 0; fits && i < expected.Length; i++)
        {
            fits = IsFree(value, i) || (expected[i] ?? 1) == shape.Dim[i].DimValue;
        }

        return fits
            ? !IsFree(value, 0)
            : throw new InvalidCheckpointException(path, value.Name, $"expected the shape [{string.Join(", ", expected.Select(size => size?.ToString(null, null) ?? "n or 1"))}], found [{string.Join(", ", shape.Dim.Select(Text))}].");
    }

    private static bool IsFree(ValueInfoProto value, int dimension)
        => value.Type?.TensorType?.Shape is not { } shape || (dimension < shape.Dim.Count && (!shape.Dim[dimension].HasDimValue || shape.Dim[dimension].DimValue <= 0));

    private static string Text(TensorShapeProto.Types.Dimension dimension) => dimension.HasDimValue ? $"{dimension.DimValue}" : dimension.HasDimParam ? dimension.DimParam : "?";

    private static DataType TypeOf(ValueInfoProto value) => (DataType)ElementType(value);

    private static int ElementType(ValueInfoProto value) => value.Type?.TensorType?.ElemType ?? 0;

    private static string Names(IReadOnlyList<ValueInfoProto> values) => values.Count == 0 ? "none" : string.Join(", ", values.Take(8).Select(value => value.Name)) + (values.Count > 8 ? " …" : "");
}
