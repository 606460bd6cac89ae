namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>A model could not be fetched: the message names the address, what was expected and found, and what to do.</summary>
public sealed class ModelDownloadException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="fault">The kind.</param>
    /// <param name="subject">The address (its query and user information are left out), file or model at fault.</param>
    /// <param name="problem">What is wrong and what to do.</param>
    /// <param name="innerException">What lies behind it.</param>
    public ModelDownloadException(DownloadFault fault, string subject, string problem, Exception? innerException = null)
        : base($"{Shown(subject)}: {problem}", innerException)
    {
        Fault = fault;
        Subject = Shown(subject);
    }

    internal ModelDownloadException(DownloadFault fault, Uri address, string problem, Exception? innerException = null)
        : this(fault, address.AbsoluteUri, problem, innerException)
    {
    }

    /// <summary>The kind.</summary>
    public DownloadFault Fault { get; }

    /// <summary>The address, file or model at fault.</summary>
    public string Subject { get; }

    /// <summary>What was expected (a hash, a number of bytes), where the fault is one of comparison.</summary>
    public string? Expected { get; init; }

    /// <summary>What was found instead.</summary>
    public string? Actual { get; init; }

    internal static ModelDownloadException Hash(string subject, string expected, string actual) => new(
        DownloadFault.HashMismatch,
        subject,
        $"SHA-256 expected {expected}, found {actual}: the file is not the published one and has been deleted. Try again; if it stays so, the mirror or the catalogue's entry is wrong.")
    {
        Expected = expected,
        Actual = actual,
    };

    internal static ModelDownloadException Size(string subject, long expected, long actual) => new(
        DownloadFault.SizeMismatch,
        subject,
        $"expected {expected} bytes, found {actual}: the file is not the published one and has not been kept. If it stays so, the mirror or the catalogue's entry is wrong.")
    {
        Expected = $"{expected}",
        Actual = $"{actual}",
    };

    /// <summary>An address without what may be secret in it.</summary>
    internal static string Shown(string subject) =>
        subject.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(subject, UriKind.Absolute, out Uri? address)
            ? address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
            : subject;
}
