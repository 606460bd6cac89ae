namespace ClipFunctions.Checkpoints.Formats.Torch;

/// <summary>
/// A tensor as PyTorch stores it: a view of a storage with a step for each dimension, so that transposed, sliced and expanded tensors have no bytes
/// of their own. Dimensions that follow one another without a gap are joined.
/// </summary>
internal sealed class StridedTensor
{
    private const int MaximumDimensions = 16;

    // An expanded tensor repeats its storage; readers that trust the shape must not be made to hold more than the file could.
    private const long AlwaysAllowedBytes = 1 << 20;

    private readonly TensorType _type;
    private readonly long _offset;
    private readonly long[] _sizes;
    private readonly long[] _strides;

    private StridedTensor(TensorInfo info, long offset, long[] sizes, long[] strides)
    {
        Info = info;
        _type = info.Type;
        _offset = offset;
        _sizes = sizes;
        _strides = strides;
    }

    /// <summary>Name, type and shape.</summary>
    public TensorInfo Info { get; }

    /// <summary>Checks a tensor against its storage.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="tensor">What the pickle says of it.</param>
    /// <param name="storageOffset">The storage's first byte in the file.</param>
    /// <param name="storageLength">The storage's bytes.</param>
    /// <param name="bytes">The file.</param>
    /// <exception cref="InvalidCheckpointException">It is no view of its storage.</exception>
    public static StridedTensor Create(string name, TensorReference tensor, long storageOffset, long storageLength, FileBytes bytes)
    {
        InvalidCheckpointException Error(string problem) => new(bytes.Name, name, problem);

        if (tensor.Sizes.Length != tensor.Strides.Length || tensor.Sizes.Length > MaximumDimensions)
        {
            throw Error($"{tensor.Sizes.Length} sizes and {tensor.Strides.Length} strides; expected as many strides as sizes, {MaximumDimensions} at most.");
        }

        long[] sizes = Numbers(tensor.Sizes) ?? throw Error("a size is no whole number of 0 or more.");
        long[] strides = Numbers(tensor.Strides) ?? throw Error("a stride is no whole number of 0 or more.");
        long offset = tensor.Offset is long number and >= 0 ? number : throw Error("its offset in the storage is no whole number of 0 or more.");
        long count = TensorElements.Count(sizes) ?? throw Error($"shape [{string.Join(", ", sizes)}] has too many elements.");
        int size = TensorElements.SizeOf(tensor.Type);
        if (count > 0)
        {
            Int128 last = offset;
            for (int i = 0; i < sizes.Length; i++)
            {
                last += (Int128)(sizes[i] - 1) * strides[i];
            }

            if ((last + 1) * size > storageLength)
            {
                throw Error($"{tensor.Type} [{string.Join(", ", sizes)}] with strides [{string.Join(", ", strides)}] from element {offset} on reaches element {last}; its storage {tensor.Storage.Key} has {storageLength / size}.");
            }

            if ((Int128)count * size > Math.Max(bytes.Length, AlwaysAllowedBytes))
            {
                throw Error($"shape [{string.Join(", ", sizes)}] repeats its storage to {(Int128)count * size} bytes; the whole file has {bytes.Length}.");
            }
        }

        TensorInfo info = new(name, tensor.Type, sizes);
        if (count == 0)
        {
            return new StridedTensor(info, 0, [1], [1]);
        }

        (long[] joinedSizes, long[] joinedStrides) = Join(sizes, strides);
        return new StridedTensor(info, storageOffset + (offset * size), joinedSizes, joinedStrides);
    }

    /// <summary>Reads elements in row-major order.</summary>
    public void Read(FileBytes bytes, long start, Span<float> destination)
    {
        int size = TensorElements.SizeOf(_type);
        (long inner, long stride) = (_sizes[^1], _strides[^1]);
        while (!destination.IsEmpty)
        {
            (long row, long column) = Math.DivRem(start, inner);
            long element = column * stride;
            for (int i = _sizes.Length - 2; i >= 0; i--)
            {
                (row, long index) = Math.DivRem(row, _sizes[i]);
                element += index * _strides[i];
            }

            Span<float> run = destination[..(int)Math.Min(inner - column, destination.Length)];
            if (stride == 1)
            {
                TensorElements.Read(bytes, _offset + (element * size), _type, run);
            }
            else
            {
                Gather(bytes, element, stride, run);
            }

            start += run.Length;
            destination = destination[run.Length..];
        }
    }

    private static long[]? Numbers(object?[] values)
    {
        long[] numbers = new long[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] is not long number || number < 0)
            {
                return null;
            }

            numbers[i] = number;
        }

        return numbers;
    }

    private static (long[] Sizes, long[] Strides) Join(long[] sizes, long[] strides)
    {
        // From the innermost dimension outwards; there is always one.
        List<(long Size, long Stride)> joined = [];
        for (int i = sizes.Length - 1; i >= 0; i--)
        {
            if (sizes[i] == 1)
            {
                continue;
            }

            if (joined.Count > 0 && (Int128)joined[^1].Size * joined[^1].Stride == strides[i])
            {
                joined[^1] = (joined[^1].Size * sizes[i], joined[^1].Stride);
            }
            else
            {
                joined.Add((sizes[i], strides[i]));
            }
        }

        if (joined.Count == 0)
        {
            joined.Add((1, 1));
        }

        joined.Reverse();
        return ([.. joined.Select(dimension => dimension.Size)], [.. joined.Select(dimension => dimension.Stride)]);
    }

    private void Gather(FileBytes bytes, long element, long stride, Span<float> run)
    {
        const int Elements = 512;
        Span<byte> gathered = stackalloc byte[Elements * sizeof(double)];
        int size = TensorElements.SizeOf(_type);
        while (!run.IsEmpty)
        {
            int count = Math.Min(Elements, run.Length);
            for (int i = 0; i < count; i++)
            {
                bytes.Slice(_offset + ((element + (i * stride)) * size), size).CopyTo(gathered[(i * size)..]);
            }

            TensorElements.Widen(_type, gathered[..(count * size)], run[..count]);
            element += count * stride;
            run = run[count..];
        }
    }
}
