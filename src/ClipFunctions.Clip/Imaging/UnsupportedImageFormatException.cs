namespace ClipFunctions.Clip.Imaging;

/// <summary>The bytes are no picture, or one of a kind that is not read. <see cref="ImageException.Reason"/> is <c>UnsupportedFormat</c>.</summary>
public sealed class UnsupportedImageFormatException : ImageException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="detected">What the bytes look like (<c>TIFF</c>, <c>12-bit JPEG</c>), or null where they look like nothing known.</param>
    public UnsupportedImageFormatException(string? detected)
        : base(
            "UnsupportedFormat",
            detected is null
                ? "The bytes are not a picture in a known format; JPEG, PNG, WebP, GIF and BMP are read."
                : $"{detected} is not supported; JPEG, PNG, WebP, GIF and BMP are read.") => Detected = detected;

    /// <summary>What the bytes look like, or null.</summary>
    public string? Detected { get; }
}
