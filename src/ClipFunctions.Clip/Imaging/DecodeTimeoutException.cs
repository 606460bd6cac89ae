namespace ClipFunctions.Clip.Imaging;

/// <summary>Decoding the picture takes longer than allowed. <see cref="ImageException.Reason"/> is <see cref="Code"/>.</summary>
/// <param name="limit">The value of <see cref="ImageLimits.MaxDecodeTime"/>.</param>
public sealed class DecodeTimeoutException(TimeSpan limit)
    : ImageException(Code, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Decoding the picture takes longer than {limit.TotalSeconds:0.###} s, which is the most that is allowed."))
{
    /// <summary>The reason's code: <c>DecodeTimeout</c>. Unlike the others it depends on the machine and what else it does.</summary>
    public const string Code = "DecodeTimeout";

    /// <summary>The value of <see cref="ImageLimits.MaxDecodeTime"/>.</summary>
    public TimeSpan Limit { get; } = limit;
}
