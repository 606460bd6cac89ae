namespace ClipFunctions.Pipeline.Uploads;

/// <summary>What <see cref="UploadTagger"/> did with an event.</summary>
public enum UploadOutcome
{
    /// <summary>The picture was embedded, recorded and tagged.</summary>
    Tagged,

    /// <summary>The picture can never be tagged; a failure record says why.</summary>
    Failed,

    /// <summary>The same bytes had been tagged before under another ETag: recorded and tagged without running the model.</summary>
    Reused,

    /// <summary>This very version had been done; nothing was written, but for tags that were missing.</summary>
    AlreadyDone,

    /// <summary>The blob changed since the event; its newer version has an event of its own.</summary>
    Superseded,

    /// <summary>The blob is gone.</summary>
    Gone,

    /// <summary>No address of the storage SDK's leads to a blob of such a name (<c>../x</c>): nothing was read or written.</summary>
    Unreachable,
}
