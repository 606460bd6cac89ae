namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>The answer at the end of all redirects, and what the hub said on the way.</summary>
internal sealed record HubResponse(HttpResponseMessage Message) : IDisposable
{
    /// <summary>Whether the hub itself answered, not a host that it redirected to.</summary>
    public required bool FromHub { get; init; }

    /// <summary><c>X-Repo-Commit</c>.</summary>
    public string? Commit { get; init; }

    /// <summary><c>X-Linked-Size</c>: the size of a large file.</summary>
    public long? LinkedSize { get; init; }

    /// <summary><c>X-Linked-ETag</c>, which is a large file's SHA-256.</summary>
    public string? LinkedSha256 { get; init; }

    public void Dispose() => Message.Dispose();
}
