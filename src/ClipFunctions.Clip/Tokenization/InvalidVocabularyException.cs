namespace ClipFunctions.Clip.Tokenization;

/// <summary>A vocabulary file is not what a CLIP tokenizer can be made of: the message says which file or form, where and why.</summary>
public sealed class InvalidVocabularyException : FormatException
{
    /// <summary>Describes the fault.</summary>
    /// <param name="source">The file or form with the fault.</param>
    /// <param name="line">The line from 1, or <see langword="null"/> where the fault is no line's.</param>
    /// <param name="reason">What is wrong, as the end of a sentence.</param>
    /// <param name="inner">The error behind it.</param>
    public InvalidVocabularyException(string source, int? line, string reason, Exception? inner = null)
        : base(line is null ? $"The vocabulary {source} cannot be used: {reason}" : $"The vocabulary {source} cannot be used: line {line}: {reason}", inner)
    {
        Line = line;
    }

    /// <summary>The faulty line from 1, if there is one.</summary>
    public int? Line { get; }
}
