namespace ClipFunctions.Clip.Imaging;

/// <summary>The file ends before its picture does. <see cref="ImageException.Reason"/> is <c>Truncated</c>.</summary>
/// <param name="format">The format that the file begins as.</param>
/// <param name="actual">The file's size in bytes.</param>
public sealed class TruncatedImageException(ImageFormat format, long actual)
    : ImageException("Truncated", $"The {format} file is truncated: its {actual} bytes end before the picture does.")
{
    /// <summary>The format that the file begins as.</summary>
    public ImageFormat Format { get; } = format;

    /// <summary>The file's size in bytes.</summary>
    public long Actual { get; } = actual;
}
