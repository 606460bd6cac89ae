using System.Collections.Immutable;

namespace ClipFunctions.Clip.Imaging;

/// <summary>How a model wants its pictures: the settings of <see cref="ClipPreprocessor"/>.</summary>
public sealed record ImagePreprocessing
{
    private readonly int _size = 224;
    private readonly int _fill;
    private readonly ImmutableArray<float> _mean = [0.48145466f, 0.4578275f, 0.40821073f];
    private readonly ImmutableArray<float> _std = [0.26862954f, 0.26130258f, 0.27577711f];

    /// <summary>Side of the square that the model sees, in pixels; 224 by default, 1 to 4096.</summary>
    public int Size
    {
        get => _size;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(Size));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 4096, nameof(Size));
            _size = value;
        }
    }

    /// <summary>Mean of red, green and blue on the scale 0 to 1; OpenAI's by default.</summary>
    public IReadOnlyList<float> Mean
    {
        get => _mean;
        init => _mean = Three(value, nameof(Mean), positive: false);
    }

    /// <summary>Standard deviation of red, green and blue on the scale 0 to 1, above 0; OpenAI's by default.</summary>
    public IReadOnlyList<float> Std
    {
        get => _std;
        init => _std = Three(value, nameof(Std), positive: true);
    }

    /// <summary>How the picture becomes a square; <see cref="ResizeMode.ShortestSide"/> by default.</summary>
    public ResizeMode ResizeMode { get; init; } = ResizeMode.ShortestSide;

    /// <summary>
    /// The value of each channel that fills the square beside the picture with <see cref="ResizeMode.LongestSide"/>, in the file's own mode as the reference does it (black
    /// for 0, but white in a CMYK file and the palette's first colour in one with a palette); 0 by default, 0 to 255.
    /// </summary>
    public int Fill
    {
        get => _fill;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(Fill));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 255, nameof(Fill));
            _fill = value;
        }
    }

    /// <summary>The resampling filter; <see cref="Interpolation.Bicubic"/> by default.</summary>
    public Interpolation Interpolation { get; init; } = Interpolation.Bicubic;

    /// <summary>
    /// Whether EXIF orientation is applied first. False by default: the reference ignores it, so a picture taken with a turned camera is
    /// seen turned.
    /// </summary>
    public bool AutoOrient { get; init; }

    /// <summary>How closely the reference is followed; <see cref="PreprocessingMode.Exact"/> by default.</summary>
    public PreprocessingMode Mode { get; init; }

    /// <summary>The settings of openai/CLIP (<c>clip._transform</c>): short side by bicubic, middle square, OpenAI's mean and deviation.</summary>
    /// <param name="size">The model's input resolution in pixels.</param>
    public static ImagePreprocessing OpenAi(int size) => new() { Size = size };

    /// <summary>Compares the settings by value, the lists' elements included.</summary>
    public bool Equals(ImagePreprocessing? other) =>
        other is not null && Size == other.Size && _mean.AsSpan().SequenceEqual(other._mean.AsSpan()) &&
        _std.AsSpan().SequenceEqual(other._std.AsSpan()) && ResizeMode == other.ResizeMode && Fill == other.Fill &&
        Interpolation == other.Interpolation && AutoOrient == other.AutoOrient && Mode == other.Mode;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Size, _mean[0], _std[0], ResizeMode, Fill, Interpolation, (AutoOrient, Mode));

    private static ImmutableArray<float> Three(IReadOnlyList<float> value, string name, bool positive)
    {
        ArgumentNullException.ThrowIfNull(value, name);
        if (value.Count != 3 || value.Any(v => !float.IsFinite(v) || (positive && v <= 0)))
        {
            throw new ArgumentException($"{name} needs three finite values{(positive ? " above 0" : "")}, not [{string.Join(", ", value)}].", name);
        }

        return [.. value];
    }
}
