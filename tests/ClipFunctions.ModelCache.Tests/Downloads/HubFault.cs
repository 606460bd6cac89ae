namespace ClipFunctions.ModelCaching.Tests.Downloads;

/// <summary>What a server does wrong, once.</summary>
public sealed record HubFault
{
    /// <summary>The hub answers with this status instead of the file.</summary>
    public int Status { get; init; }

    /// <summary><c>Retry-After</c>, with a status.</summary>
    public string? RetryAfter { get; init; }

    /// <summary><c>Location</c>, with a status.</summary>
    public string? Location { get; init; }

    /// <summary>The connection ends after so many bytes of the body.</summary>
    public int? CutAt { get; init; }

    /// <summary>What comes before the cut: a broken connection takes along what lies in the sockets' buffers.</summary>
    public Func<Task>? BeforeCut { get; init; }

    /// <summary>The body stops, and the connection stays, after so many bytes, until this task ends.</summary>
    public Task? Gate { get; init; }

    /// <summary>Where the gate stands.</summary>
    public int GateAt { get; init; }

    /// <summary>One bit of this byte of the file is the other one.</summary>
    public int? FlipAt { get; init; }

    /// <summary>The whole file is sent whatever range was asked for.</summary>
    public bool IgnoreRanges { get; init; }

    /// <summary>No range is ever right: 416.</summary>
    public bool RefuseRanges { get; init; }

    /// <summary>The body's length is not told.</summary>
    public bool Chunked { get; init; }

    /// <summary>Bytes sent after the file's own.</summary>
    public int Surplus { get; init; }

    /// <summary>No ETag is sent.</summary>
    public bool NoVersion { get; init; }

    /// <summary><c>Content-Encoding</c> that the body claims to have.</summary>
    public string? Encoding { get; init; }
}
