namespace ClipFunctions.Datasets.Reading;

/// <summary>How items are read. A value out of its range throws <see cref="ArgumentOutOfRangeException"/> where it is set.</summary>
public sealed record DatasetReaderOptions
{
    private readonly int _parallelism = 8;
    private readonly long _maxPictureBytes = 32L << 20;
    private readonly long _maxBufferedBytes = 32L << 20;
    private readonly int _maxReadBytes = 1 << 20;

    /// <summary>How many reads are under way at a time; 8 by default, at least 1.</summary>
    public int Parallelism
    {
        get => _parallelism;
        init => _parallelism = (int)AtLeastOne(value, nameof(Parallelism));
    }

    /// <summary>A larger picture is not read; 32 MiB by default, 1 to 1 GiB.</summary>
    public long MaxPictureBytes
    {
        get => _maxPictureBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1L << 30, nameof(MaxPictureBytes));
            _maxPictureBytes = AtLeastOne(value, nameof(MaxPictureBytes));
        }
    }

    /// <summary>
    /// How many bytes are read ahead of the caller, those under way included; 32 MiB by default, at least 1. One read may exceed it; what the caller has been
    /// given does not count.
    /// </summary>
    public long MaxBufferedBytes
    {
        get => _maxBufferedBytes;
        init => _maxBufferedBytes = AtLeastOne(value, nameof(MaxBufferedBytes));
    }

    /// <summary>Neighbours in an archive are read together up to so many bytes; 1 MiB by default, at least 1.</summary>
    public int MaxReadBytes
    {
        get => _maxReadBytes;
        init => _maxReadBytes = (int)AtLeastOne(value, nameof(MaxReadBytes));
    }

    private static long AtLeastOne(long value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, name);
        return value;
    }
}
