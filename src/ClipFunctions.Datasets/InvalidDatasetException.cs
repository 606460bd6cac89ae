namespace ClipFunctions.Datasets;

/// <summary>What was named is no data set that can be worked with, or a plan is not one; the message names it and tells what was found.</summary>
/// <param name="dataset">The data set's or the plan's place.</param>
/// <param name="problem">What is wrong.</param>
/// <param name="innerException">What lies behind it.</param>
public sealed class InvalidDatasetException(string dataset, string problem, Exception? innerException = null)
    : Exception($"Data set {dataset}: {problem}", innerException)
{
    /// <summary>The data set's or the plan's place.</summary>
    public string Dataset { get; } = dataset;
}
