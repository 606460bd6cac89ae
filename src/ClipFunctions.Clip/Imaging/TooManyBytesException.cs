namespace ClipFunctions.Clip.Imaging;

/// <summary>The file is larger than allowed. <see cref="ImageException.Reason"/> is <c>TooManyBytes</c>.</summary>
/// <param name="limit">The value of <see cref="ImageLimits.MaxBytes"/>.</param>
/// <param name="actual">What the picture has.</param>
public sealed class TooManyBytesException(long limit, long actual)
    : ImageException("TooManyBytes", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The file has {actual:N0} bytes; at most {limit:N0} are allowed."))
{
    /// <summary>The value of <see cref="ImageLimits.MaxBytes"/>.</summary>
    public long Limit { get; } = limit;

    /// <summary>What the picture has.</summary>
    public long Actual { get; } = actual;
}
