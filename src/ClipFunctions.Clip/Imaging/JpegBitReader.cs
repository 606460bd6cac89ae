using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// Reads the entropy-coded bits of a JPEG scan as libjpeg does (jdhuff.c). Behind a marker come zeros; behind the file's end an exception.
/// </summary>
internal ref struct JpegBitReader
{
    private readonly ReadOnlySpan<byte> _file;

    /// <summary>Begins at a byte.</summary>
    public JpegBitReader(ReadOnlySpan<byte> file, int at)
        : this(file, new JpegBitState { At = at })
    {
    }

    /// <summary>Goes on where another has stopped.</summary>
    public JpegBitReader(ReadOnlySpan<byte> file, JpegBitState state)
    {
        _file = file;
        State = state;
    }

    /// <summary>The bits in hand, and where the next byte is read.</summary>
    public JpegBitState State;

    /// <summary>The file.</summary>
    public readonly ReadOnlySpan<byte> File => _file;

    /// <summary>Drops the bits in hand and goes on at a byte.</summary>
    public void Restart(int at) => State = new JpegBitState { At = at };

    /// <summary>Whether a byte that is 0xFF is among the eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasMarkerByte(ulong eight) => ((~eight - 0x0101010101010101) & eight & 0x8080808080808080) != 0;

    /// <summary>The next bits (at least eight are true), without taking them; those behind a marker are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Peek(int count)
    {
        if (State.Count < 8)
        {
            Fill(0);
        }

        return (int)(State.Bits >> (64 - count));
    }

    /// <summary>Takes 1 to 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(int count)
    {
        Demand(count);
        int value = (int)(State.Bits >> (64 - count));
        State.Bits <<= count;
        State.Count -= count;
        return value;
    }

    /// <summary>Takes bits that were peeked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int count)
    {
        Demand(count);
        State.Bits <<= count;
        State.Count -= count;
    }

    /// <summary>Takes a number of the given length, signed as JPEG does it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadSigned(int length) => length == 0 ? 0 : Extend(Read(length), length);

    /// <summary>The signed number that a JPEG means by so many bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Extend(int value, int length) => value + (((value - (1 << (length - 1))) >> 31) & ((-1 << length) + 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Demand(int count)
    {
        if (State.Count < count)
        {
            Fill(count);
        }
    }

    // As jpeg_fill_bit_buffer, which gives up where the file ends even if the bits in hand would do.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fill(int demanded)
    {
        if (State.Marker == 0 && _file.Length - State.At >= 8)
        {
            ulong eight = BinaryPrimitives.ReadUInt64BigEndian(_file[State.At..]);
            if (!HasMarkerByte(eight))
            {
                int bytes = (64 - State.Count) >> 3;
                eight = eight >> (64 - 8 * bytes) << (64 - 8 * bytes);
                State.Bits |= eight >> State.Count;
                State.Count += 8 * bytes;
                State.At += bytes;
                return;
            }
        }

        while (State.Count < 57 && State.Marker == 0)
        {
            if (State.At >= _file.Length)
            {
                throw new TruncatedImageException(ImageFormat.Jpeg, _file.Length);
            }

            byte value = _file[State.At];
            if (value == 0xFF)
            {
                int next = State.At + 1;
                while (next < _file.Length && _file[next] == 0xFF)
                {
                    next++;
                }

                if (next >= _file.Length)
                {
                    throw new TruncatedImageException(ImageFormat.Jpeg, _file.Length);
                }

                State.At = next + 1;
                if (_file[next] != 0)
                {
                    State.Marker = _file[next];
                    break;
                }
            }
            else
            {
                State.At++;
            }

            State.Bits |= (ulong)value << (56 - State.Count);
            State.Count += 8;
        }

        if (State.Count < demanded)
        {
            State.Insufficient = true;
            State.Count = 57;
        }
    }
}
