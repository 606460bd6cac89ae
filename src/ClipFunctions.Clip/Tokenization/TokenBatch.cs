namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// Token ids of several texts, one row a text, padded to the context length: what <c>clip.tokenize</c> of openai/CLIP returns,
/// with where each text ends.
/// </summary>
public sealed class TokenBatch
{
    private readonly int[] _ids;
    private readonly int[] _endPositions;

    /// <summary>Makes a batch of rows of ids.</summary>
    /// <param name="ids">The rows one after the other; the batch keeps this array.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="contextLength">How many ids a row holds.</param>
    public TokenBatch(int[] ids, int count, int contextLength)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegative(contextLength);
        if (count > 0 && contextLength == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(contextLength), contextLength, "A row needs room for at least one id.");
        }

        if (ids.Length != (long)count * contextLength)
        {
            throw new ArgumentException($"{count} rows of {contextLength} ids are {(long)count * contextLength} ids, but there are {ids.Length}.", nameof(ids));
        }

        _ids = ids;
        _endPositions = new int[count];
        Count = count;
        ContextLength = contextLength;
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<int> tokens = this[row];
            int position = PositionOfLargest(tokens);
            _endPositions[row] = position;
            LongestEndPosition = Math.Max(LongestEndPosition, position);
        }
    }

    internal TokenBatch(int[] ids, int contextLength, int[] endPositions)
    {
        _ids = ids;
        _endPositions = endPositions;
        Count = endPositions.Length;
        ContextLength = contextLength;
        foreach (int position in endPositions)
        {
            LongestEndPosition = Math.Max(LongestEndPosition, position);
        }
    }

    /// <summary>How many texts.</summary>
    public int Count { get; }

    /// <summary>How many ids a row holds, padding included.</summary>
    public int ContextLength { get; }

    /// <summary>All ids, row after row.</summary>
    public ReadOnlyMemory<int> Ids => _ids;

    /// <summary>
    /// For each row the position of its end token: as the tokenizer set it, or the first of the row's largest id, which in CLIP's
    /// vocabularies the end token has (the reference's <c>text.argmax(dim=-1)</c>).
    /// </summary>
    public ReadOnlySpan<int> EndPositions => _endPositions;

    /// <summary>The largest of <see cref="EndPositions"/>; 0 for an empty batch.</summary>
    public int LongestEndPosition { get; }

    /// <summary>The ids of one text, padding included.</summary>
    public ReadOnlySpan<int> this[int row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(row);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Count);
            return _ids.AsSpan(row * ContextLength, ContextLength);
        }
    }

    internal static int PositionOfLargest(ReadOnlySpan<int> tokens)
    {
        int best = 0;
        for (int i = 1; i < tokens.Length; i++)
        {
            if (tokens[i] > tokens[best])
            {
                best = i;
            }
        }

        return best;
    }
}
