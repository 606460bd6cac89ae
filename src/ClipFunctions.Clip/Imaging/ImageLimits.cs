namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// What <see cref="ImageDecoder"/> accepts. All limits are checked on the file's header before any pixel is allocated; a value out of its
/// range throws <see cref="ArgumentOutOfRangeException"/> where it is set.
/// </summary>
public sealed record ImageLimits
{
    private readonly long _maxBytes = 32L * 1024 * 1024;
    private readonly long _maxPixels = 178_956_970;
    private readonly int _maxSideRatio = 10_000;
    private readonly int _maxFrames = 10_000;

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

    private static long AtLeastOne(long value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, name);
        return value;
    }
}
