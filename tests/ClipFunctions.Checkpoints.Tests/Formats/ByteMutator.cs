using System.Buffers.Binary;

namespace ClipFunctions.Checkpoints.Tests.Formats;

/// <summary>Damages bytes in the ways that break parsers: cuts, flips, stretches moved, numbers at their limits.</summary>
public static class ByteMutator
{
    private static readonly long[] Limits =
    [
        0, 1, -1, 2, 127, 128, 255, 256, short.MaxValue, ushort.MaxValue, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, long.MaxValue, long.MinValue, long.MaxValue / 8,
    ];

    /// <summary>A damaged copy.</summary>
    /// <param name="original">The bytes.</param>
    /// <param name="random">What to do.</param>
    /// <param name="end">Up to where; the whole by default.</param>
    public static byte[] Mutate(byte[] original, Random random, int? end = null)
    {
        byte[] mutated = [.. original];
        int length = end ?? original.Length;
        Span<byte> number = stackalloc byte[8];
        for (int i = random.Next(3); i >= 0 && length > 8; i--)
        {
            int at = random.Next(length);
            int stretch = random.Next(1, Math.Min(32, length - at) + 1);
            switch (random.Next(end is null ? 8 : 5))
            {
                case 0:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 2:
                    long value = Limits[random.Next(Limits.Length)] + random.Next(-1, 2);
                    BinaryPrimitives.WriteInt64LittleEndian(number, value);
                    int size = Math.Min(1 << random.Next(4), length - at);
                    number[..size].CopyTo(mutated.AsSpan(at));
                    break;
                case 3:
                    // One stretch over another.
                    mutated.AsSpan(at, stretch).CopyTo(mutated.AsSpan(random.Next(length - stretch + 1)));
                    break;
                case 4:
                    random.NextBytes(mutated.AsSpan(at, stretch));
                    break;
                case 5:
                    mutated = [.. mutated[..at], .. mutated[(at + stretch)..]];
                    break;
                case 6:
                    int from = random.Next(length - stretch + 1);
                    mutated = [.. mutated[..at], .. mutated[from..(from + stretch)], .. mutated[at..]];
                    break;
                default:
                    mutated = random.Next(4) == 0 ? mutated[..at] : mutated;
                    break;
            }

            length = end ?? mutated.Length;
        }

        return mutated;
    }
}
