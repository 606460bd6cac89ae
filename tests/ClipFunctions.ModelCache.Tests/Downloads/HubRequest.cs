namespace ClipFunctions.ModelCaching.Tests.Downloads;

/// <summary>A request that the server has seen.</summary>
public sealed record HubRequest
{
    public required bool Hub { get; init; }

    public required string Path { get; init; }

    public required string? Range { get; init; }

    public required string? IfRange { get; init; }

    public required string? Authorization { get; init; }

    public required string? AcceptEncoding { get; init; }

    /// <summary>Bytes of the body that were sent.</summary>
    public long Sent { get; set; }
}
