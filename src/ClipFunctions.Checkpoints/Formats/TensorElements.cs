using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace ClipFunctions.Checkpoints.Formats;

/// <summary>The elements of tensors as bytes, little-endian.</summary>
internal static class TensorElements
{
    // A piece's bytes must fit an int: 2^27 elements of at most 8 bytes do.
    private const int Piece = 1 << 27;

    /// <summary>The bytes of one element.</summary>
    public static int SizeOf(TensorType type) => type switch
    {
        TensorType.Bool or TensorType.U8 or TensorType.I8 => 1,
        TensorType.U16 or TensorType.I16 or TensorType.F16 or TensorType.BF16 => 2,
        TensorType.U32 or TensorType.I32 or TensorType.F32 => 4,
        _ => 8,
    };

    /// <summary>The number of elements of a shape; null where they would be too many to address.</summary>
    public static long? Count(ReadOnlySpan<long> shape)
    {
        Int128 count = 1;
        foreach (long dimension in shape)
        {
            count *= dimension;
            if (count > long.MaxValue / 8)
            {
                return null;
            }
        }

        return (long)count;
    }

    /// <summary>Checks what <see cref="ICheckpoint.Read"/> is given.</summary>
    /// <exception cref="ArgumentException">The tensor is none of the checkpoint's, or has no such elements.</exception>
    public static void CheckRead(ICheckpoint checkpoint, TensorInfo tensor, long start, int count)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, tensor.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, tensor.Count - start);
        if (!checkpoint.Tensors.TryGetValue(tensor.Name, out TensorInfo? own) || own != tensor)
        {
            throw new ArgumentException($"'{tensor.Name}' is no tensor of {checkpoint.Name}.", nameof(tensor));
        }
    }

    /// <summary>Reads elements that follow one another, from a place in the file on.</summary>
    public static void Read(FileBytes bytes, long offset, TensorType type, Span<float> destination)
    {
        int size = SizeOf(type);
        while (!destination.IsEmpty)
        {
            Span<float> target = destination[..Math.Min(Piece, destination.Length)];
            long length = (long)target.Length * size;
            Widen(type, bytes.Slice(offset, length), target);
            bytes.Release(offset, length);
            offset += length;
            destination = destination[target.Length..];
        }
    }

    /// <summary>Elements as floats: F64 and integers are rounded, the others exact.</summary>
    public static void Widen(TensorType type, ReadOnlySpan<byte> bytes, Span<float> target)
    {
        // Casting spans needs no alignment on the processors .NET runs on; the formats align nothing beyond a byte.
        switch (type)
        {
            case TensorType.F32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(target);
                break;
            case TensorType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), target);
                break;
            case TensorType.BF16:
                ReadOnlySpan<ushort> upper = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
                }

                break;
            case TensorType.F64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(bytes), target);
                break;
            case TensorType.I64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, long>(bytes), target);
                break;
            case TensorType.U64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, ulong>(bytes), target);
                break;
            case TensorType.I32:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, int>(bytes), target);
                break;
            case TensorType.U32:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, uint>(bytes), target);
                break;
            case TensorType.I16:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, short>(bytes), target);
                break;
            case TensorType.U16:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, ushort>(bytes), target);
                break;
            case TensorType.I8:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, sbyte>(bytes), target);
                break;
            default:
                TensorPrimitives.ConvertTruncating(bytes, target);
                break;
        }
    }
}
