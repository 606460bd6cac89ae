using ClipFunctions.Checkpoints.Onnx.Proto;

namespace ClipFunctions.Checkpoints.Onnx;

/// <summary>A constant of a graph whose bytes are only produced when the file is written.</summary>
internal sealed record GraphTensor(string Name, TensorProto.Types.DataType Type, IReadOnlyList<long> Shape, Action<Stream, CancellationToken> Write)
{
    public long Length { get; } = Shape.Aggregate(1L, (product, dimension) => checked(product * dimension)) * SizeOf(Type);

    private static int SizeOf(TensorProto.Types.DataType type) => type switch
    {
        TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Int32 => 4,
        TensorProto.Types.DataType.Int64 => 8,
        TensorProto.Types.DataType.Float16 => 2,
        TensorProto.Types.DataType.Uint8 or TensorProto.Types.DataType.Int8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no element type that is written."),
    };
}
