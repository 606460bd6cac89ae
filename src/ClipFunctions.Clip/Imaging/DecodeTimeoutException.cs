namespace ClipFunctions.Clip.Imaging;

/// <summary>Decoding the picture took longer than allowed. <see cref="ImageException.Reason"/> is <c>DecodeTimeout</c>.</summary>
/// <param name="limit">The value of <see cref="ImageLimits.MaxDecodeTime"/>.</param>
public sealed class DecodeTimeoutException(TimeSpan limit)
    : ImageException("DecodeTimeout", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The picture was not decoded within {limit.TotalSeconds:0.###} s, which is the most that is allowed."))
{
    /// <summary>The value of <see cref="ImageLimits.MaxDecodeTime"/>.</summary>
    public TimeSpan Limit { get; } = limit;
}
