namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>How patient downloads are.</summary>
public sealed record DownloadOptions
{
    /// <summary>How often a request is sent before its transient faults become an error; 6 by default.</summary>
    public int MaxTries { get; init; } = 6;

    /// <summary>The wait before the second try; doubled for each further one. Half a second by default.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest of these waits; 15 s by default.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest wait that a server may ask for with <c>Retry-After</c>; a longer one is an error. 2 minutes by default.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a server may send nothing before the connection counts as broken; 30 s by default.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
