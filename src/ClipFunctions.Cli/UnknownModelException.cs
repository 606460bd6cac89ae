namespace ClipFunctions.Cli;

/// <summary>Neither this machine nor the catalogue has the model.</summary>
internal sealed class UnknownModelException(string message, Exception innerException) : Exception(message, innerException);
