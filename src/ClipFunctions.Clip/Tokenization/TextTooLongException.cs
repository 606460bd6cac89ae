namespace ClipFunctions.Clip.Tokenization;

/// <summary>A text has more tokens than the context length, and truncation was not asked for (the reference's <c>RuntimeError</c>).</summary>
public sealed class TextTooLongException : ArgumentException
{
    private const int ShownCharacters = 4096;

    /// <summary>Describes the text that is too long.</summary>
    public TextTooLongException(string text, int index, int tokenCount, int contextLength)
        : base(Describe(text, index, tokenCount, contextLength))
    {
        TextIndex = index;
        TokenCount = tokenCount;
        ContextLength = contextLength;
    }

    /// <summary>Which of the texts, from 0.</summary>
    public int TextIndex { get; }

    /// <summary>How many tokens the text has, start and end token included.</summary>
    public int TokenCount { get; }

    /// <summary>How many there is room for.</summary>
    public int ContextLength { get; }

    private static string Describe(string text, int index, int tokenCount, int contextLength)
    {
        ArgumentNullException.ThrowIfNull(text);
        string shown = text.Length <= ShownCharacters ? text : string.Concat(text.AsSpan(0, ShownCharacters), "…");
        return $"Input {shown} is too long for context length {contextLength}: text {index} has {tokenCount} tokens with start and end token. Shorten it, or pass truncate: true to cut it off.";
    }
}
