namespace ClipFunctions.Checkpoints;

/// <summary>A checkpoint cannot be read or is no CLIP model: the message names what is wrong, what was expected and what was found.</summary>
public sealed class InvalidCheckpointException : Exception
{
    // A hostile file may call a tensor anything at any length.
    private const int LongestQuote = 300;

    /// <summary>Creates the error.</summary>
    /// <param name="source">The file at fault.</param>
    /// <param name="item">The tensor, header field or configuration entry at fault, or null if it is the file as a whole.</param>
    /// <param name="problem">What is wrong, with expected and actual.</param>
    /// <param name="innerException">What lies behind it.</param>
    public InvalidCheckpointException(string source, string? item, string problem, Exception? innerException = null)
        : base(item is null ? $"{source}: {Shorten(problem)}" : $"{source}: {Shorten(item)}: {Shorten(problem)}", innerException)
    {
        Checkpoint = source;
        Item = item is null ? null : Shorten(item);
    }

    /// <summary>The file at fault.</summary>
    public string Checkpoint { get; }

    /// <summary>The tensor or field at fault, or null.</summary>
    public string? Item { get; }

    private static string Shorten(string text) => text.Length <= LongestQuote ? text : $"{text.AsSpan(0, LongestQuote)}…";
}
