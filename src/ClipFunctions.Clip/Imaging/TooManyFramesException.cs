namespace ClipFunctions.Clip.Imaging;

/// <summary>The animation has more frames than allowed. <see cref="ImageException.Reason"/> is <c>TooManyFrames</c>.</summary>
/// <param name="limit">The value of <see cref="ImageLimits.MaxFrames"/>.</param>
/// <param name="actual">What the picture has.</param>
public sealed class TooManyFramesException(int limit, int actual)
    : ImageException("TooManyFrames", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The animation has {actual:N0} frames; at most {limit:N0} are allowed."))
{
    /// <summary>The value of <see cref="ImageLimits.MaxFrames"/>.</summary>
    public int Limit { get; } = limit;

    /// <summary>What the picture has.</summary>
    public int Actual { get; } = actual;
}
