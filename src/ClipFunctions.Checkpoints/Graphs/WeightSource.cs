using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Clip.Bundles;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>
/// Brings a checkpoint's tensors into a graph as constants, in the type that the graph computes in. Where a graph that computes in 32 bits
/// has matrices that lie as 16-bit floats, a node casts them, which the runtime folds away when it loads the graph; what is computed from
/// them is then the same to the bit as with 32-bit files.
/// </summary>
internal sealed class WeightSource(ICheckpoint checkpoint, OnnxGraph graph, WeightStorage storage, ModelPrecision precision)
{
    private const int Piece = 1 << 18;

    private delegate void ReadPiece(long start, Span<float> destination);

    /// <summary>Whether the graph computes in 16-bit floats.</summary>
    public bool IsHalfPrecision => precision == ModelPrecision.Fp16;

    private DataType ComputeType => IsHalfPrecision ? DataType.Float16 : DataType.Float;

    /// <summary>Whether the checkpoint has a tensor.</summary>
    public bool Has(string name) => checkpoint.Tensors.ContainsKey(name);

    /// <summary>The first dimension of a tensor.</summary>
    public long Rows(string name) => Tensor(name).Shape[0];

    /// <summary>A small tensor (bias, position table) in the type of the computation.</summary>
    public string Vector(string name) => graph.Constant(Constant(name, Tensor(name).Shape, ComputeType, Reader(name)));

    /// <summary>A part of a bias.</summary>
    public string Vector(string name, long start, long count)
        => graph.Constant(Constant($"{name}[{start}:{start + count}]", [count], ComputeType, Reader(name, start)));

    /// <summary>A small tensor as 32-bit floats, whatever the graph computes in: the norms'.</summary>
    public string Single(string name) => graph.Constant(Constant($"{name}{(IsHalfPrecision ? ".fp32" : "")}", Tensor(name).Shape, DataType.Float, Reader(name)));

    /// <summary>The same of a part.</summary>
    public string Single(string name, long start, long count)
        => graph.Constant(Constant($"{name}[{start}:{start + count}]{(IsHalfPrecision ? ".fp32" : "")}", [count], DataType.Float, Reader(name, start)));

    /// <summary>A matrix as it lies in the checkpoint, perhaps in another shape, in the type of the computation.</summary>
    public string Matrix(string name, params long[] shape) => Cast(MatrixAsStored(name, shape, out bool half), half);

    /// <summary>Some rows of a matrix: <paramref name="count"/> of the first dimension from <paramref name="start"/>.</summary>
    public string Rows(string name, long start, long count, params long[] shape)
    {
        TensorInfo tensor = Tensor(name);
        long width = tensor.Count / tensor.Shape[0];
        ReadPiece read = Reader(name, start * width);
        bool half = IsHalf(tensor.Type, read, count * width);
        string constant = $"{name}[{start}:{start + count}]";
        return Cast(graph.Constant(Constant(constant, shape.Length > 0 ? shape : [count, width], half ? DataType.Float16 : DataType.Float, read)), half);
    }

    /// <summary>A matrix in the type that it is stored in, for nodes that take a few rows of it.</summary>
    public string MatrixAsStored(string name, long[] shape, out bool half)
    {
        TensorInfo tensor = Tensor(name);
        half = IsHalf(tensor.Type, Reader(name), tensor.Count);
        return graph.Constant(Constant(name, shape.Length > 0 ? shape : tensor.Shape, half ? DataType.Float16 : DataType.Float, Reader(name)));
    }

    /// <summary>
    /// Rows of a matrix as 8-bit integers, each row with a scale of its own: <c>value = integer · scale</c>, integers in −127…127.
    /// </summary>
    /// <param name="name">The matrix, <c>[rows, columns]</c>.</param>
    /// <param name="start">The first row.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="columnwise">Whether the integers lie as <c>[columns, count]</c>, as the products take them.</param>
    /// <returns>The integers and the scales, the latter <c>[count]</c>.</returns>
    public (string Integers, string Scales) Quantized(string name, long start, long count, bool columnwise)
    {
        TensorInfo tensor = Tensor(name);
        int width = checked((int)(tensor.Count / tensor.Shape[0]));
        int rows = checked((int)count);
        QuantizedRows quantized = new(Reader(name, start * width), rows, width);
        string part = count == tensor.Shape[0] ? name : $"{name}[{start}:{start + count}]";
        string integers = graph.Constant(new GraphTensor($"{part}.int8", DataType.Int8, columnwise ? [width, rows] : [rows, width], (stream, cancellationToken) => quantized.Write(stream, columnwise, cancellationToken)));
        string scales = graph.Constant(new GraphTensor($"{part}.scale", DataType.Float, columnwise ? [rows] : [rows, 1], (stream, cancellationToken) => stream.Write(MemoryMarshal.AsBytes(quantized.Scales(cancellationToken).AsSpan()))));
        return (integers, scales);
    }

    /// <summary>A matrix made of values that are the checkpoint's own, moved.</summary>
    public string Moved(string name, string original, float[] values, params long[] shape)
    {
        ReadPiece read = (start, destination) => values.AsSpan((int)start, destination.Length).CopyTo(destination);
        bool half = IsHalf(Tensor(original).Type, read, values.Length);
        return Cast(graph.Constant(Constant(name, shape, half ? DataType.Float16 : DataType.Float, read)), half);
    }

    /// <summary>
    /// The weight of a convolution whose output channels are each multiplied by a factor (a folded batch norm). Stored in 16 bits for a graph
    /// that computes in 32, the weights stay the checkpoint's own and the factors are applied by a node that the runtime folds.
    /// </summary>
    public string Scaled(string name, float[] factors)
    {
        TensorInfo tensor = Tensor(name);
        long each = tensor.Count / factors.Length;
        ReadPiece read = Reader(name);
        if (!IsHalfPrecision && IsHalf(tensor.Type, read, tensor.Count))
        {
            long[] shape = [factors.Length, .. Enumerable.Repeat(1L, tensor.Shape.Count - 1)];
            string weight = Cast(graph.Constant(Constant(name, tensor.Shape, DataType.Float16, read)), true);
            return graph.Add("Mul", [weight, graph.Floats($"{name}.factor", factors, shape)]);
        }

        return graph.Constant(Constant($"{name}.folded", tensor.Shape, ComputeType, (start, destination) =>
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

    /// <summary>Values computed from the checkpoint's, in the type of the computation.</summary>
    public string Computed(string name, float[] values, params long[] shape)
        => graph.Constant(Constant(name, shape, ComputeType, (start, destination) => values.AsSpan((int)start, destination.Length).CopyTo(destination)));

    /// <summary>All values of a tensor.</summary>
    public float[] Values(string name)
    {
        TensorInfo tensor = Tensor(name);
        float[] values = new float[tensor.Count];
        checkpoint.Read(tensor, 0, values);
        return values;
    }

    private GraphTensor Constant(string name, IReadOnlyList<long> shape, DataType type, ReadPiece read)
    {
        long count = shape.Aggregate(1L, (product, dimension) => product * dimension);
        bool half = type == DataType.Float16;
        return new GraphTensor(name, type, shape, (stream, cancellationToken) =>
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
                        CheckRange(name, piece);
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

    // The primitive gives the number of the largest magnitude with its sign.
    private static float Largest(ReadOnlySpan<float> values) => MathF.Abs(TensorPrimitives.MaxMagnitude(values));

    // Such a weight would become infinite, and every vector with it.
    private void CheckRange(string name, ReadOnlySpan<float> values)
    {
        float largest = Largest(values);
        if (float.IsFinite(largest) && largest > (float)Half.MaxValue)
        {
            throw new InvalidCheckpointException(checkpoint.Name, name, $"holds {largest}, beyond what 16-bit floats hold ({(float)Half.MaxValue}): convert to fp32 instead.");
        }
    }

    private TensorInfo Tensor(string name) => checkpoint.Tensors[name];

    private ReadPiece Reader(string name, long offset = 0)
    {
        TensorInfo tensor = Tensor(name);
        return (start, destination) => checkpoint.Read(tensor, offset + start, destination);
    }

    private string Cast(string constant, bool half)
        => half && !IsHalfPrecision ? graph.Add("Cast", [constant], $"{constant}.fp32", "", ("to", (int)DataType.Float)) : constant;

    private bool IsHalf(TensorType type, ReadPiece read, long count)
    {
        if (IsHalfPrecision)
        {
            return true;
        }

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
        int length = (int)Math.Min(Piece, count);
        float[] floats = ArrayPool<float>.Shared.Rent(length);
        float[] back = ArrayPool<float>.Shared.Rent(length);
        Half[] halves = ArrayPool<Half>.Shared.Rent(length);
        try
        {
            for (long start = 0; start < count; start += Piece)
            {
                Span<float> piece = floats.AsSpan(0, (int)Math.Min(Piece, count - start));
                read(start, piece);
                if (rounding)
                {
                    float largest = Largest(piece);
                    if (float.IsFinite(largest) && largest > (float)Half.MaxValue)
                    {
                        return false;
                    }

                    continue;
                }

                TensorPrimitives.ConvertToHalf(piece, halves);
                TensorPrimitives.ConvertToSingle(halves.AsSpan(0, piece.Length), back);
                if (!piece.SequenceEqual(back.AsSpan(0, piece.Length)))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(floats);
            ArrayPool<float>.Shared.Return(back);
            ArrayPool<Half>.Shared.Return(halves);
        }
    }

    /// <summary>A matrix quantised row by row, twice read: for the scales, and for the integers.</summary>
    private sealed class QuantizedRows(ReadPiece read, int rows, int width)
    {
        private const float LargestInteger = 127;

        // Both sides of a transposed tile stay in the first cache.
        private const int Tile = 64;

        private float[]? _scales;

        public float[] Scales(CancellationToken cancellationToken)
        {
            if (_scales is null)
            {
                float[] scales = new float[rows];
                ForEachRow((row, values) => scales[row] = Largest(values) is var largest and > 0 ? largest / LargestInteger : 1, cancellationToken);
                _scales = scales;
            }

            return _scales;
        }

        public void Write(Stream stream, bool columnwise, CancellationToken cancellationToken)
        {
            float[] scales = Scales(cancellationToken);
            sbyte[] integers = new sbyte[columnwise ? checked(rows * width) : width];
            ForEachRow(
                (row, values) =>
                {
                    Span<sbyte> target = columnwise ? integers.AsSpan(row * width, width) : integers;
                    TensorPrimitives.Divide(values, scales[row], values);
                    TensorPrimitives.Round<float>(values, values);
                    TensorPrimitives.ConvertSaturating<float, sbyte>(values, target);
                    if (!columnwise)
                    {
                        stream.Write(MemoryMarshal.AsBytes(target));
                    }
                },
                cancellationToken);
            if (columnwise)
            {
                WriteTransposed(stream, integers, cancellationToken);
            }
        }

        private void WriteTransposed(Stream stream, sbyte[] integers, CancellationToken cancellationToken)
        {
            sbyte[] band = new sbyte[Math.Min(Tile, width) * rows];
            for (int first = 0; first < width; first += Tile)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int columns = Math.Min(Tile, width - first);
                for (int top = 0; top < rows; top += Tile)
                {
                    int bottom = Math.Min(top + Tile, rows);
                    for (int column = 0; column < columns; column++)
                    {
                        for (int row = top; row < bottom; row++)
                        {
                            band[(column * rows) + row] = integers[(row * width) + first + column];
                        }
                    }
                }

                stream.Write(MemoryMarshal.AsBytes(band.AsSpan(0, columns * rows)));
            }
        }

        private void ForEachRow(RowAction action, CancellationToken cancellationToken)
        {
            float[] buffer = ArrayPool<float>.Shared.Rent(Math.Max(width, Piece));
            try
            {
                int atOnce = Math.Max(1, Piece / width);
                for (int row = 0; row < rows; row += atOnce)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    int count = Math.Min(atOnce, rows - row);
                    read((long)row * width, buffer.AsSpan(0, count * width));
                    for (int i = 0; i < count; i++)
                    {
                        action(row + i, buffer.AsSpan(i * width, width));
                    }
                }
            }
            finally
            {
                ArrayPool<float>.Shared.Return(buffer);
            }
        }

        private delegate void RowAction(int row, Span<float> values);
    }
}
