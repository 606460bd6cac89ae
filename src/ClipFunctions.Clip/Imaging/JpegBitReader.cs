namespace ClipFunctions.Clip.Imaging;

/// <summary>Reads the entropy-coded bits of a JPEG scan. Behind a marker come zeros, as in libjpeg; behind the file's end an exception.</summary>
internal ref struct JpegBitReader(ReadOnlySpan<byte> file, int at)
{
    private readonly ReadOnlySpan<byte> _file = file;
    private ulong _bits;
    private int _count;

    /// <summary>Where the next byte is read.</summary>
    public int At { get; private set; } = at;

    /// <summary>The marker that ended the data, or 0.</summary>
    public int Marker { get; set; }

    /// <summary>Whether bits were asked for behind a marker.</summary>
    public bool Insufficient { get; set; }

    /// <summary>Drops the bits in hand and goes on at a byte.</summary>
    public void Restart(int at)
    {
        _bits = 0;
        _count = 0;
        At = at;
        Marker = 0;
        Insufficient = false;
    }

    /// <summary>The next eight bits, without taking them; those behind a marker are 0.</summary>
    public int Peek8()
    {
        if (_count < 8)
        {
            Fill(0);
        }

        return _count >= 8 ? (int)(_bits >> (_count - 8)) & 0xFF : (int)(_bits << (8 - _count)) & 0xFF;
    }

    /// <summary>Takes up to 16 bits.</summary>
    public int Read(int count)
    {
        Demand(count);
        _count -= count;
        return (int)(_bits >> _count) & ((1 << count) - 1);
    }

    /// <summary>Takes bits that were peeked at.</summary>
    public void Skip(int count)
    {
        Demand(count);
        _count -= count;
    }

    /// <summary>Takes a number of the given length, signed as JPEG does it.</summary>
    public int ReadSigned(int length)
    {
        if (length == 0)
        {
            return 0;
        }

        int value = Read(length);
        return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
    }

    private void Demand(int count)
    {
        if (_count < count)
        {
            Fill(count);
        }
    }

    // As jpeg_fill_bit_buffer, which gives up where the file ends even if the bits in hand would do.
    private void Fill(int demanded)
    {
        while (_count < 57 && Marker == 0)
        {
            if (At >= _file.Length)
            {
                throw new TruncatedImageException(ImageFormat.Jpeg, _file.Length);
            }

            byte value = _file[At];
            if (value == 0xFF)
            {
                int next = At + 1;
                while (next < _file.Length && _file[next] == 0xFF)
                {
                    next++;
                }

                if (next >= _file.Length)
                {
                    throw new TruncatedImageException(ImageFormat.Jpeg, _file.Length);
                }

                At = next + 1;
                if (_file[next] != 0)
                {
                    Marker = _file[next];
                    break;
                }
            }
            else
            {
                At++;
            }

            _bits = _bits << 8 | value;
            _count += 8;
        }

        if (_count < demanded)
        {
            Insufficient = true;
            _bits <<= 25;
            _count += 25;
        }
    }
}
