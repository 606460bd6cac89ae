namespace ClipFunctions.Clip.Imaging;

/// <summary>The picture is too long for its width, or too wide for its height. <see cref="ImageException.Reason"/> is <c>SideRatio</c>.</summary>
/// <param name="limit">The value of <see cref="ImageLimits.MaxSideRatio"/>.</param>
/// <param name="actual">What the picture has.</param>
public sealed class SideRatioException(int limit, double actual)
    : ImageException("SideRatio", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The longer side is {actual:N1} times the shorter one; at most {limit:N0} times is allowed."))
{
    /// <summary>The value of <see cref="ImageLimits.MaxSideRatio"/>.</summary>
    public int Limit { get; } = limit;

    /// <summary>What the picture has.</summary>
    public double Actual { get; } = actual;
}
