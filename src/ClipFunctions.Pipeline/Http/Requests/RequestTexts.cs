using System.Globalization;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Pipeline.Http.Problems;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Checks and tokenizes the texts of requests.</summary>
internal sealed class RequestTexts(IOptions<ClipHttpOptions> options)
{
    private readonly ClipHttpOptions _options = options.Value;

    /// <summary>The texts of a request: a list, a single one, or both.</summary>
    /// <exception cref="RequestProblemException">There are none, too many, or one is too long or null.</exception>
    public IReadOnlyList<string> Check(IReadOnlyList<string>? texts, string? text)
    {
        IReadOnlyList<string> all = (texts, text) switch
        {
            (null, null) => [],
            (not null, null) => texts,
            (null, not null) => [text],
            _ => [.. texts, text],
        };
        if (all.Count == 0)
        {
            throw RequestProblemException.BadRequest("NoTexts", "There is no text", "Send 'texts' (a list) or 'text'.");
        }

        if (all.Count > _options.MaxTexts)
        {
            throw RequestProblemException.OverLimit("TooManyTexts", "texts", "Clip:Http:MaxTexts", _options.MaxTexts, all.Count);
        }

        for (int i = 0; i < all.Count; i++)
        {
            CheckLength(all[i], $"Text {i}");
        }

        return all;
    }

    /// <summary>Checks one text or label.</summary>
    public void CheckLength(string? text, string what)
    {
        if (text is null)
        {
            throw RequestProblemException.BadRequest("InvalidField", "A field cannot be used", $"{what} is null.");
        }

        if (text.Length > _options.MaxTextLength)
        {
            throw new RequestProblemException(
                400,
                "TextTooLarge",
                "A text has too many characters",
                string.Create(CultureInfo.InvariantCulture, $"{what} has {text.Length} characters; at most {_options.MaxTextLength} are allowed (Clip:Http:MaxTextLength)."))
            {
                Limit = _options.MaxTextLength,
                Actual = text.Length,
            };
        }
    }

    /// <summary>Tokenizes texts that have been checked.</summary>
    /// <returns>The rows, and how many tokens they have together, padding not counted.</returns>
    /// <exception cref="RequestProblemException">They have too many tokens together, or the model has no vocabulary.</exception>
    /// <exception cref="TextTooLongException">One has more tokens than the context.</exception>
    public (TokenBatch Tokens, int Count) Tokenize(ClipModel model, IReadOnlyList<string> texts, int contextLength, bool truncate)
    {
        if (!model.HasTokenizer)
        {
            throw RequestProblemException.BadRequest("NoTokenizer", "The model has no vocabulary", $"Model '{model.Manifest.Id}' came without a vocabulary: it embeds pictures only.");
        }

        TokenBatch tokens = model.Tokenizer.Tokenize(texts, contextLength, truncate);
        long count = 0;
        foreach (int end in tokens.EndPositions)
        {
            count += end + 1;
        }

        return count <= _options.MaxTokens
            ? (tokens, (int)count)
            : throw RequestProblemException.OverLimit("TooManyTokens", "tokens", "Clip:Http:MaxTokens", _options.MaxTokens, count);
    }
}
