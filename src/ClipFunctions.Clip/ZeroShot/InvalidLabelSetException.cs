namespace ClipFunctions.Clip.ZeroShot;

/// <summary>A label set breaks a rule; the message names the set, the entry, and what was expected and found.</summary>
/// <param name="labelSet">The set's name or file.</param>
/// <param name="problem">What is wrong.</param>
/// <param name="innerException">What lies behind it.</param>
public sealed class InvalidLabelSetException(string labelSet, string problem, Exception? innerException = null)
    : Exception($"Label set {labelSet}: {problem}", innerException)
{
    /// <summary>The set's name or file.</summary>
    public string LabelSet { get; } = labelSet;
}
