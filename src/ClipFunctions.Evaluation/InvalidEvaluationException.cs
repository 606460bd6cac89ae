namespace ClipFunctions.Evaluation;

/// <summary>A run can never be done as it was asked for: trying again will not help.</summary>
public sealed class InvalidEvaluationException : Exception
{
    /// <summary>Tells why.</summary>
    /// <param name="code">A stable code.</param>
    /// <param name="message">What is wrong, and what to do.</param>
    /// <param name="innerException">What found it.</param>
    public InvalidEvaluationException(string code, string message, Exception? innerException = null)
        : base(message, innerException) => Code = code;

    /// <summary>The code.</summary>
    public string Code { get; }
}
