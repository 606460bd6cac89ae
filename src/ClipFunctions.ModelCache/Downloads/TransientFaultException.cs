namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>A fault that may pass: the request is sent again.</summary>
internal sealed class TransientFaultException(string problem, Exception? innerException = null) : Exception(problem, innerException)
{
    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
