namespace ClipFunctions.Probe.Fitting;

/// <summary>Features and labels that no classifier can be learnt from; the message tells why.</summary>
public sealed class InvalidTrainingDataException : Exception
{
    /// <summary>Makes one.</summary>
    public InvalidTrainingDataException(string message)
        : base(message)
    {
    }
}
