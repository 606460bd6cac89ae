using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ClipFunctions.Clip.Imaging;

/// <summary>Takes back PNG's row filters.</summary>
internal static class PngFilter
{
    /// <summary>Bytes that must be readable behind a row.</summary>
    public const int Slack = 8;

    /// <summary>Unfilters one row in place; both rows begin with their filter byte and have <see cref="Slack"/> bytes behind them.</summary>
    /// <param name="row">The row.</param>
    /// <param name="above">The row above, or zeros.</param>
    /// <param name="step">Bytes of one pixel, at least 1.</param>
    /// <exception cref="CorruptImageException">There is no such filter.</exception>
    public static void Reverse(Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        int filter = row[0];
        row = row[1..];
        above = above[1..][..row.Length];
        int head = Math.Min(step, row.Length);
        switch (filter)
        {
            case 0:
                break;
            case 1 when step is 3 or 4:
                ReverseSub(row, step);
                break;
            case 1:
                for (int i = step; i < row.Length; i++)
                {
                    row[i] += row[i - step];
                }

                break;
            case 2:
                TensorPrimitives.Add(row, above, row);
                break;
            case 3 when step is 3 or 4:
                ReverseAverage(row, above, step);
                break;
            case 3:
                for (int i = 0; i < head; i++)
                {
                    row[i] += (byte)(above[i] / 2);
                }

                for (int i = step; i < row.Length; i++)
                {
                    row[i] += (byte)((row[i - step] + above[i]) / 2);
                }

                break;
            case 4 when step is 3 or 4:
                ReversePaeth(row, above, step);
                break;
            case 4:
                for (int i = 0; i < head; i++)
                {
                    row[i] += above[i];
                }

                for (int i = step; i < row.Length; i++)
                {
                    int a = row[i - step], b = above[i], c = above[i - step];
                    int pa = Math.Abs(b - c), pb = Math.Abs(a - c), pc = Math.Abs(a + b - 2 * c);
                    row[i] += (byte)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
                }

                break;
            default:
                throw new CorruptImageException(ImageFormat.Png, $"a row's filter is {filter}");
        }
    }

    private static void ReverseSub(Span<byte> row, int step)
    {
        Vector128<byte> left = default;
        for (int i = 0; i < row.Length; i += step)
        {
            ref byte at = ref row[i];
            left += Load(ref at);
            Store(ref at, left, step);
        }
    }

    private static void ReverseAverage(Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        Vector128<ushort> left = default;
        for (int i = 0; i < row.Length; i += step)
        {
            ref byte at = ref row[i];
            Vector128<ushort> up = Widen(ref MemoryMarshal.GetReference(above[i..]));
            Vector128<byte> value = Load(ref at) + Narrow((left + up) >>> 1);
            Store(ref at, value, step);
            left = Vector128.WidenLower(value);
        }
    }

    private static void ReversePaeth(Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        Vector128<short> a = default, c = default;
        for (int i = 0; i < row.Length; i += step)
        {
            ref byte at = ref row[i];
            Vector128<short> b = Widen(ref MemoryMarshal.GetReference(above[i..])).AsInt16();
            Vector128<short> pa = b - c, pb = a - c;
            Vector128<short> pc = Vector128.Abs(pa + pb);
            pa = Vector128.Abs(pa);
            pb = Vector128.Abs(pb);
            Vector128<short> least = Vector128.Min(pc, Vector128.Min(pa, pb));
            Vector128<short> nearest = Vector128.ConditionalSelect(
                Vector128.Equals(least, pa),
                a,
                Vector128.ConditionalSelect(Vector128.Equals(least, pb), b, c));
            Vector128<byte> value = Load(ref at) + Narrow(nearest.AsUInt16());
            Store(ref at, value, step);
            a = Vector128.WidenLower(value).AsInt16();
            c = b;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Load(ref byte at) => Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(ref at)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Widen(ref byte at) => Vector128.WidenLower(Load(ref at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector128<ushort> value) => Vector128.Narrow(value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref byte at, Vector128<byte> value, int step)
    {
        uint four = value.AsUInt32().ToScalar();
        if (step == 4)
        {
            Unsafe.WriteUnaligned(ref at, four);
        }
        else
        {
            Unsafe.WriteUnaligned(ref at, (ushort)four);
            Unsafe.Add(ref at, 2) = (byte)(four >> 16);
        }
    }
}
