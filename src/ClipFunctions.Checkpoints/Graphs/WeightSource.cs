using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Clip.Bundles;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>
/// Brings a checkpoint's tensors into a graph as constants. Matrices that lie as 16-bit floats are cast to 32 bits by a node, which
/// the runtime folds away when it loads the graph; what is computed from them is then the same to the bit as with 32-bit files.
/// </summary>
internal sealed class WeightSource(ICheckpoint checkpoint, OnnxGraph graph, WeightStorage storage)
{
    private const int Piece = 1 << 18;

    private delegate void ReadPiece(long start, Span<float> destination);

    /// <summary>A small tensor (norm, bias, position table) as 32-bit floats.</summary>
    public string Vector(string name) => Single(name, Tensor(name).Shape);

    /// <summary>A part of a bias.</summary>
    public string Vector(string name, long start, long count)
        => graph.Constant(Constant($"{name}[{start}:{start + count}]", [count], false, Reader(name, start)));

    /// <summary>A matrix as it lies in the checkpoint, perhaps in another shape, as 32-bit floats.</summary>
    public string Matrix(string name, params long[] shape) => Cast(MatrixAsStored(name, shape, out bool half), half);

    /// <summary>Some rows of a matrix: <paramref name="count"/> of the first dimension from <paramref name="start"/>.</summary>
    public string Rows(string name, long start, long count, params long[] shape)
    {
        TensorInfo tensor = Tensor(name);
        long width = tensor.Count / tensor.Shape[0];
        ReadPiece read = Reader(name, start * width);
        bool half = IsHalf(tensor.Type, read, count * width);
        string constant = $"{name}[{start}:{start + count}]";
        return Cast(graph.Constant(Constant(constant, shape.Length > 0 ? shape : [count, width], half, read)), half);
    }

    /// <summary>A matrix in the type that it is stored in, for nodes that take a few rows of it.</summary>
    public string MatrixAsStored(string name, long[] shape, out bool half)
    {
        TensorInfo tensor = Tensor(name);
        half = IsHalf(tensor.Type, Reader(name), tensor.Count);
        return graph.Constant(Constant(name, shape.Length > 0 ? shape : tensor.Shape, half, Reader(name)));
    }

    /// <summary>A matrix made of values that are the checkpoint's own, moved.</summary>
    public string Moved(string name, string original, float[] values, params long[] shape)
    {
        ReadPiece read = (start, destination) => values.AsSpan((int)start, destination.Length).CopyTo(destination);
        bool half = IsHalf(Tensor(original).Type, read, values.Length);
        return Cast(graph.Constant(Constant(name, shape, half, read)), half);
    }

    /// <summary>
    /// The weight of a convolution whose output channels are each multiplied by a factor (a folded batch norm). Stored in 16 bits, the
    /// weights stay the checkpoint's own and the factors are applied by a node that the runtime folds.
    /// </summary>
    public string Scaled(string name, float[] factors)
    {
        TensorInfo tensor = Tensor(name);
        long each = tensor.Count / factors.Length;
        ReadPiece read = Reader(name);
        if (IsHalf(tensor.Type, read, tensor.Count))
        {
            long[] shape = [factors.Length, .. Enumerable.Repeat(1L, tensor.Shape.Count - 1)];
            string weight = Cast(graph.Constant(Constant(name, tensor.Shape, true, read)), true);
            return graph.Add("Mul", [weight, graph.Floats($"{name}.factor", factors, shape)]);
        }

        return graph.Constant(Constant($"{name}.folded", tensor.Shape, false, (start, destination) =>
        {
            read(start, destination);
            for (int done = 0; done < destination.Length;)
            {
                long channel = (start + done) / each;
                int count = (int)Math.Min(destination.Length - done, ((channel + 1) * each) - start - done);
                Span<float> part = destination.Slice(done, count);
                TensorPrimitives.Multiply(part, factors[channel], part);
                done += count;
            }
        }));
    }

    /// <summary>All values of a tensor.</summary>
    public float[] Values(string name)
    {
        TensorInfo tensor = Tensor(name);
        float[] values = new float[tensor.Count];
        checkpoint.Read(tensor, 0, values);
        return values;
    }

    private static GraphTensor Constant(string name, IReadOnlyList<long> shape, bool half, ReadPiece read)
    {
        long count = shape.Aggregate(1L, (product, dimension) => product * dimension);
        return new GraphTensor(name, half ? DataType.Float16 : DataType.Float, shape, (stream, cancellationToken) =>
        {
            float[] floats = ArrayPool<float>.Shared.Rent((int)Math.Min(Piece, count));
            Half[] halves = half ? ArrayPool<Half>.Shared.Rent((int)Math.Min(Piece, count)) : [];
            try
            {
                for (long start = 0; start < count; start += Piece)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Span<float> piece = floats.AsSpan(0, (int)Math.Min(Piece, count - start));
                    read(start, piece);
                    if (half)
                    {
                        TensorPrimitives.ConvertToHalf(piece, halves);
                        stream.Write(MemoryMarshal.AsBytes(halves.AsSpan(0, piece.Length)));
                    }
                    else
                    {
                        stream.Write(MemoryMarshal.AsBytes(piece));
                    }
                }
            }
            finally
            {
                ArrayPool<float>.Shared.Return(floats);
                if (half)
                {
                    ArrayPool<Half>.Shared.Return(halves);
                }
            }
        });
    }

    private TensorInfo Tensor(string name) => checkpoint.Tensors[name];

    private ReadPiece Reader(string name, long offset = 0)
    {
        TensorInfo tensor = Tensor(name);
        return (start, destination) => checkpoint.Read(tensor, offset + start, destination);
    }

    private string Single(string name, IReadOnlyList<long> shape) => graph.Constant(Constant(name, shape, false, Reader(name)));

    private string Cast(string constant, bool half)
        => half ? graph.Add("Cast", [constant], $"{constant}.fp32", "", ("to", (int)DataType.Float)) : constant;

    private bool IsHalf(TensorType type, ReadPiece read, long count)
    {
        if (storage == WeightStorage.Fp32)
        {
            return false;
        }

        if (type == TensorType.F16)
        {
            return true;
        }

        // Rounding is asked for or is none; but a number beyond the type's range would become infinite.
        bool rounding = storage == WeightStorage.Fp16;
        float[] floats = ArrayPool<float>.Shared.Rent((int)Math.Min(Piece, count));
        try
        {
            for (long start = 0; start < count; start += Piece)
            {
                Span<float> piece = floats.AsSpan(0, (int)Math.Min(Piece, count - start));
                read(start, piece);
                foreach (float value in piece)
                {
                    Half half = (Half)value;
                    if (rounding ? Half.IsInfinity(half) && float.IsFinite(value) : (float)half != value)
                    {
                        return false;
                    }
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(floats);
        }
    }
}
