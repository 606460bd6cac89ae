using System.Buffers.Binary;
using ClipFunctions.Clip.Imaging;

namespace ClipFunctions.Clip.Tests.Imaging;

/// <summary>Writes sequential JPEGs of random coefficients, with samplings, restarts and scans that no encoder at hand writes.</summary>
internal sealed class TestJpeg
{
    private readonly MemoryStream _file;
    private readonly Random _random;
    private readonly Dictionary<int, (int Code, int Length)>[] _codes = Codes();
    private uint _bits;
    private int _count;

    private TestJpeg(MemoryStream file, Random random)
    {
        _file = file;
        _random = random;
    }

    /// <summary>A file.</summary>
    /// <param name="random">Draws the coefficients.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="sampling">Horizontal and vertical sampling of each component.</param>
    /// <param name="restart">Units between restart markers; 0 for none.</param>
    /// <param name="separate">Whether each component has a scan of its own.</param>
    /// <param name="density">Share of coefficients that are not 0; they are small, because out of range libjpeg without vector code gives other samples than with it.</param>
    public static byte[] Write(Random random, int width, int height, (int H, int V)[] sampling, int restart = 0, bool separate = false, double density = 0.1)
    {
        using MemoryStream file = new();
        new TestJpeg(file, random).Write(width, height, sampling, restart, separate, density);
        return file.ToArray();
    }

    private void Write(int width, int height, (int H, int V)[] sampling, int restart, bool separate, double density)
    {
        int count = sampling.Length;
        _file.Write([0xFF, 0xD8]);
        byte[] quantization = new byte[65];
        for (int i = 1; i <= 64; i++)
        {
            quantization[i] = (byte)_random.Next(1, 7);
        }

        Segment(0xDB, quantization);
        Segment(0xC4, JpegStandardTables.Segment);
        Segment(0xDD, [(byte)(restart >> 8), (byte)restart]);
        byte[] frame = new byte[6 + 3 * count];
        frame[0] = 8;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), (ushort)height);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(3), (ushort)width);
        frame[5] = (byte)count;
        for (int c = 0; c < count; c++)
        {
            (frame[6 + 3 * c], frame[7 + 3 * c]) = ((byte)(c + 1), (byte)(sampling[c].H << 4 | sampling[c].V));
        }

        Segment(0xC0, frame);
        int maxH = sampling.Max(s => s.H), maxV = sampling.Max(s => s.V);
        if (separate || count == 1)
        {
            for (int c = 0; c < count; c++)
            {
                int across = Divide(Divide(width * sampling[c].H, maxH), 8), down = Divide(Divide(height * sampling[c].V, maxV), 8);
                Scan([c], [1], across * down, restart, density);
            }
        }
        else
        {
            Scan([.. Enumerable.Range(0, count)], [.. sampling.Select(s => s.H * s.V)], Divide(width, 8 * maxH) * Divide(height, 8 * maxV), restart, density);
        }

        _file.Write([0xFF, 0xD9]);
    }

    private void Scan(int[] components, int[] blocks, int units, int restart, double density)
    {
        byte[] header = new byte[4 + 2 * components.Length];
        header[0] = (byte)components.Length;
        for (int i = 0; i < components.Length; i++)
        {
            (header[1 + 2 * i], header[2 + 2 * i]) = ((byte)(components[i] + 1), (byte)(components[i] == 0 ? 0x00 : 0x11));
        }

        header[^2] = 63;
        Segment(0xDA, header);
        int[] last = new int[components.Length];
        for (int unit = 0; unit < units; unit++)
        {
            if (restart > 0 && unit > 0 && unit % restart == 0)
            {
                Flush();
                _file.Write([0xFF, (byte)(0xD0 + (unit / restart - 1) % 8)]);
                last.AsSpan().Clear();
            }

            for (int i = 0; i < components.Length; i++)
            {
                for (int block = 0; block < blocks[i]; block++)
                {
                    int dc = _random.Next(-60, 60);
                    Block(components[i] == 0 ? 0 : 1, dc - last[i], _random.Next(3) == 0 ? 0 : density);
                    last[i] = dc;
                }
            }
        }

        Flush();
    }

    private void Block(int table, int difference, double density)
    {
        Number(_codes[2 * table], 0, difference);
        int run = 0;
        for (int k = 1; k < 64; k++)
        {
            int value = _random.NextDouble() < density ? (int)Math.Round(Math.Exp(_random.NextDouble() * 2.2)) * (_random.Next(2) * 2 - 1) : 0;
            if (value == 0)
            {
                run++;
                continue;
            }

            for (; run > 15; run -= 16)
            {
                Code(_codes[2 * table + 1][0xF0]);
            }

            Number(_codes[2 * table + 1], run, value);
            run = 0;
        }

        if (run > 0)
        {
            Code(_codes[2 * table + 1][0]);
        }
    }

    private void Number(Dictionary<int, (int Code, int Length)> codes, int run, int value)
    {
        int size = 32 - int.LeadingZeroCount(Math.Abs(value));
        Code(codes[run << 4 | size]);
        if (size > 0)
        {
            Code(((value < 0 ? value - 1 : value) & ((1 << size) - 1), size));
        }
    }

    private void Code((int Code, int Length) code)
    {
        for (int i = code.Length - 1; i >= 0; i--)
        {
            _bits = _bits << 1 | (uint)(code.Code >> i & 1);
            if (++_count == 8)
            {
                _file.WriteByte((byte)_bits);
                if ((byte)_bits == 0xFF)
                {
                    _file.WriteByte(0);
                }

                (_bits, _count) = (0, 0);
            }
        }
    }

    private void Flush()
    {
        while (_count != 0)
        {
            Code((1, 1));
        }
    }

    private void Segment(byte marker, ReadOnlySpan<byte> data)
    {
        int length = data.Length + 2;
        _file.Write([0xFF, marker, (byte)(length >> 8), (byte)length]);
        _file.Write(data);
    }

    // DC and AC for luma, then for chroma.
    private static Dictionary<int, (int Code, int Length)>[] Codes()
    {
        List<Dictionary<int, (int, int)>> tables = [];
        ReadOnlySpan<byte> data = JpegStandardTables.Segment;
        while (!data.IsEmpty)
        {
            Dictionary<int, (int, int)> codes = [];
            int code = 0, at = 17;
            for (int length = 1; length <= 16; length++, code <<= 1)
            {
                for (int i = 0; i < data[length]; i++)
                {
                    codes[data[at++]] = (code++, length);
                }
            }

            tables.Add(codes);
            data = data[at..];
        }

        return [.. tables];
    }

    private static int Divide(int value, int by) => (value + by - 1) / by;
}
