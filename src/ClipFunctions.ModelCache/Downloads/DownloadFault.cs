namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>Why a model could not be fetched.</summary>
public enum DownloadFault
{
    /// <summary>The hub has no such repository, revision or file.</summary>
    NotFound,

    /// <summary>The hub wants a token, or the token's owner has not agreed to the model's terms.</summary>
    AccessDenied,

    /// <summary>The server could not be reached, or kept failing, within the tries allowed.</summary>
    Unreachable,

    /// <summary>The server answered with what no file download can be.</summary>
    Refused,

    /// <summary>Redirected too often, to nowhere, or to where no download may go.</summary>
    Redirect,

    /// <summary>The bytes are not those that were published.</summary>
    HashMismatch,

    /// <summary>There are more or fewer bytes than were published.</summary>
    SizeMismatch,

    /// <summary>The disk cannot hold the files.</summary>
    DiskFull,

    /// <summary>The settings forbid the network.</summary>
    Offline,

    /// <summary>The model's licence has not been agreed to in the settings.</summary>
    LicenceNotAccepted,
}
