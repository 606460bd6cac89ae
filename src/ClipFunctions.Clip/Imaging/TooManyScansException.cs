namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// The JPEG goes over its pixels more often than allowed: a scan takes a few bytes of the file and may cost as much as a whole picture.
/// <see cref="ImageException.Reason"/> is <c>TooManyScans</c>.
/// </summary>
/// <param name="limit">The value of <see cref="ImageLimits.MaxScans"/>.</param>
/// <param name="actual">What the picture has.</param>
public sealed class TooManyScansException(int limit, int actual)
    : ImageException("TooManyScans", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The JPEG file has {actual:N0} scans; at most {limit:N0} are allowed."))
{
    /// <summary>The value of <see cref="ImageLimits.MaxScans"/>.</summary>
    public int Limit { get; } = limit;

    /// <summary>What the picture has.</summary>
    public int Actual { get; } = actual;
}
