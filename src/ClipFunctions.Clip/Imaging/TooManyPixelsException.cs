namespace ClipFunctions.Clip.Imaging;

/// <summary>The picture has more pixels than allowed. <see cref="ImageException.Reason"/> is <c>TooManyPixels</c>.</summary>
/// <param name="limit">The value of <see cref="ImageLimits.MaxPixels"/>.</param>
/// <param name="actual">What the picture has.</param>
public sealed class TooManyPixelsException(long limit, long actual)
    : ImageException("TooManyPixels", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The picture has {actual:N0} pixels; at most {limit:N0} are allowed."))
{
    /// <summary>The value of <see cref="ImageLimits.MaxPixels"/>.</summary>
    public long Limit { get; } = limit;

    /// <summary>What the picture has.</summary>
    public long Actual { get; } = actual;
}
