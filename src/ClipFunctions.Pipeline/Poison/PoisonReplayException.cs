namespace ClipFunctions.Pipeline.Poison;

/// <summary>Messages cannot be put back, because it is not known where to.</summary>
/// <param name="message">What is missing, and how to give it.</param>
public sealed class PoisonReplayException(string message) : Exception(message);
