namespace ClipFunctions.FunctionsTestHost;

/// <summary>A function threw.</summary>
/// <param name="function">The function.</param>
/// <param name="message">What the worker tells of it.</param>
public sealed class InvocationFailedException(string function, string message) : Exception($"{function}: {message}");
