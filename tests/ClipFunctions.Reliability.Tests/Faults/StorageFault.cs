namespace ClipFunctions.Reliability.Tests.Faults;

/// <summary>What can go wrong between a host and storage, in one request.</summary>
internal enum StorageFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>503 ServerBusy with <c>Retry-After</c>; storage never sees the request.</summary>
    Busy,

    /// <summary>429 with <c>Retry-After</c>; storage never sees the request.</summary>
    TooMany,

    /// <summary>403 AuthenticationFailed: what storage says to a host whose clock is off by over a quarter of an hour.</summary>
    Forbidden,

    /// <summary>The answer comes late.</summary>
    Slow,

    /// <summary>The connection ends before storage sees the request.</summary>
    Refused,

    /// <summary>Storage gets half of the request's body, then the connection ends.</summary>
    CutRequest,

    /// <summary>Storage does what it is asked; the connection ends without an answer.</summary>
    LostAnswer,

    /// <summary>Storage does what it is asked; the connection ends in the middle of the answer's body.</summary>
    CutAnswer,

    /// <summary>Storage is asked twice; the second answer is given.</summary>
    Twice,
}
