namespace ClipFunctions.Clip.Imaging;

/// <summary>The file's content breaks its own format. <see cref="ImageException.Reason"/> is <c>Corrupt</c>.</summary>
/// <param name="format">The format that the file begins as.</param>
/// <param name="what">What is wrong, as a clause.</param>
/// <param name="innerException">The decoder's own exception, if there is one.</param>
public sealed class CorruptImageException(ImageFormat format, string what, Exception? innerException = null)
    : ImageException("Corrupt", $"The {format} file is corrupt: {what}.", innerException)
{
    /// <summary>The format that the file begins as.</summary>
    public ImageFormat Format { get; } = format;
}
