namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// What <see cref="ImageDecoder"/> accepts. All limits but that of time are checked on the file's header before any pixel is allocated; a value out of its
/// range throws <see cref="ArgumentOutOfRangeException"/> where it is set.
/// </summary>
public sealed record ImageLimits
{
    private readonly long _maxBytes = 32L * 1024 * 1024;
    private readonly long _maxPixels = 178_956_970;
    private readonly int _maxSideRatio = 10_000;
    private readonly int _maxFrames = 10_000;
    private readonly int _maxScans = 100;
    private readonly TimeSpan _maxDecodeTime = TimeSpan.FromSeconds(30);

    /// <summary>The stated defaults.</summary>
    public static ImageLimits Default { get; } = new();

    /// <summary>Largest file in bytes; 32 MiB by default, at least 1.</summary>
    public long MaxBytes
    {
        get => _maxBytes;
        init => _maxBytes = AtLeastOne(value, nameof(MaxBytes));
    }

    /// <summary>Most pixels (width × height); by default 178,956,970, where Pillow raises <c>DecompressionBombError</c>. At least 1, at most 500 million: what one array holds.</summary>
    public long MaxPixels
    {
        get => _maxPixels;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 500_000_000, nameof(MaxPixels));
            _maxPixels = AtLeastOne(value, nameof(MaxPixels));
        }
    }

    /// <summary>Greatest ratio of the longer side to the shorter one; 10,000 by default, 1 to 100,000.</summary>
    public int MaxSideRatio
    {
        get => _maxSideRatio;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 100_000, nameof(MaxSideRatio));
            _maxSideRatio = (int)AtLeastOne(value, nameof(MaxSideRatio));
        }
    }

    /// <summary>Most frames of an animation, of which only the first is decoded; 10,000 by default, at least 1. Set 1 to refuse animations.</summary>
    public int MaxFrames
    {
        get => _maxFrames;
        init => _maxFrames = (int)AtLeastOne(value, nameof(MaxFrames));
    }

    /// <summary>Most scans of a JPEG, each a pass over all of its pixels; 100 by default (progressive pictures have about ten), 1 to 1,000.</summary>
    public int MaxScans
    {
        get => _maxScans;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1000, nameof(MaxScans));
            _maxScans = (int)AtLeastOne(value, nameof(MaxScans));
        }
    }

    /// <summary>
    /// Longest time that decoding one picture may take; 30 s by default, 10 ms to 1 h. It is looked at every few rows, and ends the decoding there.
    /// A WebP is decoded in one go, which takes some seconds for the largest.
    /// </summary>
    public TimeSpan MaxDecodeTime
    {
        get => _maxDecodeTime;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMilliseconds(10), nameof(MaxDecodeTime));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromHours(1), nameof(MaxDecodeTime));
            _maxDecodeTime = value;
        }
    }

    private static long AtLeastOne(long value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, name);
        return value;
    }
}
