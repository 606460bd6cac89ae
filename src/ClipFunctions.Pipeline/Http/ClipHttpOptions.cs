using System.ComponentModel.DataAnnotations;

namespace ClipFunctions.Pipeline.Http;

/// <summary>What requests may ask for, and how many at a time.</summary>
public sealed record ClipHttpOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Clip:Http";

    /// <summary>
    /// The key that requests must bear; none by default. In Azure the Functions host asks for its own keys and this one stays empty; the
    /// local host demands one as soon as it listens beyond this machine.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>The most bytes of a request's body. Default 29,000,000: the Functions worker's own limit is 30,000,000.</summary>
    [Range(1024, 2_000_000_000)]
    public long MaxBodyBytes { get; init; } = 29_000_000;

    /// <summary>The most pictures of a request. Default 64.</summary>
    [Range(1, 100_000)]
    public int MaxPictures { get; init; } = 64;

    /// <summary>The most texts of a request. Default 2048.</summary>
    [Range(1, 1_000_000)]
    public int MaxTexts { get; init; } = 2048;

    /// <summary>The most characters of a text. Default 16,384.</summary>
    [Range(1, 10_000_000)]
    public int MaxTextLength { get; init; } = 16_384;

    /// <summary>The most tokens of a request's texts together, start and end tokens included, padding not. Default 65,536.</summary>
    [Range(1, 100_000_000)]
    public int MaxTokens { get; init; } = 65_536;

    /// <summary>The most prompts of a request's own labels: labels times templates. Default 10,000. Named label sets are not bound by it.</summary>
    [Range(1, 10_000_000)]
    public int MaxPrompts { get; init; } = 10_000;

    /// <summary>The most logits of a similarity request: pictures times texts. Default 65,536.</summary>
    [Range(1, 100_000_000)]
    public int MaxLogits { get; init; } = 65_536;

    /// <summary>Requests that are worked on at a time. Default 64.</summary>
    [Range(1, 100_000)]
    public int MaxConcurrentRequests { get; init; } = 64;

    /// <summary>Requests that wait for their turn; more are turned away with 429. Default 256.</summary>
    [Range(0, 1_000_000)]
    public int MaxQueuedRequests { get; init; } = 256;

    /// <summary>How long a request may take, its waiting included. Default 100 s (Azure's load balancer gives up after 230 s).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// Whether a request may name a model that must be fetched from the hub first. False by default: whoever can call could fill the disk.
    /// <c>clip pull</c>, <c>Clip:Model</c> and <c>Clip:Preload</c> fetch in any case.
    /// </summary>
    public bool AllowModelDownloads { get; init; }
}
