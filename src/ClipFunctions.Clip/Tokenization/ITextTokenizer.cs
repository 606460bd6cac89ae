namespace ClipFunctions.Clip.Tokenization;

/// <summary>Turns texts into the token ids of a model. Thread-safe.</summary>
public interface ITextTokenizer
{
    /// <summary>The largest id and one: the rows of a token table that has one for each.</summary>
    int VocabularySize { get; }

    /// <summary>The id that ends every text.</summary>
    int EndTokenId { get; }

    /// <summary>The id that fills a row behind its text.</summary>
    int PadTokenId { get; }

    /// <summary>Tokenizes texts, one row a text: its ids with those that begin and end it, then <see cref="PadTokenId"/>.</summary>
    /// <param name="texts">The texts, as they come: cleaning is part of tokenizing.</param>
    /// <param name="contextLength">How many ids a row holds.</param>
    /// <param name="truncate">Whether to cut off a text that is too long, the end token taking the last place; otherwise it is an error.</param>
    /// <exception cref="TextTooLongException">A text has more tokens than the context length, and <paramref name="truncate"/> is false.</exception>
    TokenBatch Tokenize(IReadOnlyList<string> texts, int contextLength, bool truncate = false);

    /// <summary>The ids of a text, without those that begin and end it and of any number.</summary>
    /// <param name="text">The text, as it comes.</param>
    IReadOnlyList<int> Encode(string text);

    /// <summary>The text that ids stand for.</summary>
    /// <param name="ids">Ids of the vocabulary.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    string Decode(ReadOnlySpan<int> ids);

    /// <summary>A token as text, for display, with the vocabulary's own marks of a word's beginning or end.</summary>
    /// <param name="id">An id of the vocabulary.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    string TokenText(int id);
}
