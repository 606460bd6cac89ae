using System.Buffers;
using System.Text;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// Turns text into CLIP's token ids: <c>clip.tokenize</c> of openai/CLIP (clip/clip.py, clip/simple_tokenizer.py) to the last id,
/// with the cleaning of ftfy 6.3.1 and Python's <c>html.unescape</c> that it includes. Thread-safe.
/// </summary>
public sealed class ClipTokenizer : ITextTokenizer
{
    /// <summary>The context length of every released CLIP model.</summary>
    public const int DefaultContextLength = 77;

    private readonly Vocabulary _vocabulary;
    private readonly BytePairEncoder _encoder;

    private ClipTokenizer(Vocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        _encoder = new BytePairEncoder(vocabulary);
    }

    /// <summary>The largest id and one: the height of the model's token embedding.</summary>
    public int VocabularySize => _vocabulary.Size;

    /// <summary>The id that begins every text.</summary>
    public int StartTokenId => _vocabulary.StartTokenId;

    /// <summary>The id that ends every text.</summary>
    public int EndTokenId => _vocabulary.EndTokenId;

    /// <inheritdoc/>
    public int PadTokenId => 0;

    /// <summary>
    /// Loads a vocabulary from a merges file (<c>bpe_simple_vocab_16e6.txt.gz</c> or one of that form, packed or not), or from a
    /// folder that holds one, or Hugging Face's <c>vocab.json</c> and <c>merges.txt</c>, or its <c>tokenizer.json</c>.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file, or no vocabulary in the folder.</exception>
    /// <exception cref="InvalidVocabularyException">The file is no vocabulary.</exception>
    public static ClipTokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            string vocabulary = Path.Combine(path, "vocab.json");
            string merges = Path.Combine(path, "merges.txt");
            if (File.Exists(vocabulary) && File.Exists(merges))
            {
                return LoadVocabulary(vocabulary, merges);
            }

            string[] found = Directory.GetFiles(path, "*.txt.gz");
            if (found.Length > 1)
            {
                found = [.. found.Where(file => Path.GetFileName(file).StartsWith("bpe_", StringComparison.Ordinal))];
            }

            if (found.Length == 0)
            {
                found = Directory.GetFiles(path, "bpe_*.txt");
            }

            return found.Length switch
            {
                1 => LoadMerges(found[0]),
                0 => throw new FileNotFoundException($"The folder {path} holds no tokenizer: neither a merges file (*.txt.gz) nor vocab.json with merges.txt."),
                _ => throw new FileNotFoundException($"The folder {path} holds several merges files ({string.Join(", ", found.Select(Path.GetFileName).Order(StringComparer.Ordinal))}): name the one to load."),
            };
        }

        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no vocabulary file {path}.", path);
        }

        if (Path.GetFileName(path) == "vocab.json")
        {
            string merges = Path.Combine(Path.GetDirectoryName(path) ?? "", "merges.txt");
            return File.Exists(merges)
                ? LoadVocabulary(path, merges)
                : throw new FileNotFoundException($"Beside {path} there is no merges.txt.", merges);
        }

        if (Path.GetFileName(path) == "tokenizer.json")
        {
            using FileStream stream = File.OpenRead(path);
            return new ClipTokenizer(TokenizerJson.ReadClip(stream, path));
        }

        return LoadMerges(path);
    }

    /// <summary>
    /// Reads a merges file of openai's form, gzip or plain: a header line, then one merge a line, of which the first 48894 count.
    /// Ids follow the order: 256 bytes, 256 bytes at a word's end, the merges, start, end.
    /// </summary>
    /// <exception cref="InvalidVocabularyException">It is no such file.</exception>
    public static ClipTokenizer FromMerges(Stream mergesGzOrPlain)
    {
        ArgumentNullException.ThrowIfNull(mergesGzOrPlain);
        return new ClipTokenizer(Vocabulary.FromMerges(mergesGzOrPlain, "merges file"));
    }

    /// <summary>Reads Hugging Face's form, in which the ids come from <c>vocab.json</c>.</summary>
    /// <exception cref="InvalidVocabularyException">They are no such files, or do not belong together.</exception>
    public static ClipTokenizer FromVocabulary(Stream vocabJson, Stream mergesTxt)
    {
        ArgumentNullException.ThrowIfNull(vocabJson);
        ArgumentNullException.ThrowIfNull(mergesTxt);
        return new ClipTokenizer(Vocabulary.FromVocabulary(vocabJson, "vocab.json", mergesTxt, "merges.txt"));
    }

    /// <summary>Reads Hugging Face's <c>tokenizer.json</c>, which holds the same merges and ids.</summary>
    /// <exception cref="InvalidVocabularyException">It is no such file.</exception>
    public static ClipTokenizer FromTokenizerJson(Stream tokenizerJson)
    {
        ArgumentNullException.ThrowIfNull(tokenizerJson);
        return new ClipTokenizer(TokenizerJson.ReadClip(tokenizerJson, "tokenizer.json"));
    }

    /// <summary>Tokenizes one text: a batch of one row.</summary>
    /// <inheritdoc cref="Tokenize(IReadOnlyList{string}, int, bool)"/>
    public TokenBatch Tokenize(string text, int contextLength = DefaultContextLength, bool truncate = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Tokenize([text], contextLength, truncate);
    }

    /// <summary>Tokenizes texts: start token, the text's ids, end token, zeros.</summary>
    /// <param name="texts">The texts, as they come: cleaning is part of tokenizing.</param>
    /// <param name="contextLength">How many ids a row holds.</param>
    /// <param name="truncate">Whether to cut off a text that is too long, the end token taking the last place; otherwise it is an error.</param>
    /// <exception cref="TextTooLongException">A text has more tokens than the context length, and <paramref name="truncate"/> is false.</exception>
    public TokenBatch Tokenize(IReadOnlyList<string> texts, int contextLength = DefaultContextLength, bool truncate = false)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfNegative(contextLength);
        if (truncate && contextLength == 0 && texts.Count > 0)
        {
            throw new ArgumentOutOfRangeException(nameof(contextLength), contextLength, "A context length of 0 has no room even for the end token.");
        }

        int[] ids = GC.AllocateUninitializedArray<int>(checked(texts.Count * contextLength));
        int[] endPositions = new int[texts.Count];
        for (int i = 0; i < texts.Count; i++)
        {
            string text = texts[i] ?? throw new ArgumentNullException(nameof(texts), $"Text {i} is null.");
            Span<int> row = ids.AsSpan(i * contextLength, contextLength);
            TokenSink sink = TokenSink.Into(row, stopsWhenFull: truncate);
            sink.Add(StartTokenId);
            Encode(text, ref sink);
            sink.Add(EndTokenId);
            row[Math.Min(sink.Count, contextLength)..].Clear();
            if (sink.Count > contextLength)
            {
                if (!truncate)
                {
                    throw new TextTooLongException(text, i, sink.Count, contextLength);
                }

                row[^1] = EndTokenId;
            }

            endPositions[i] = EndTokenId == VocabularySize - 1 ? row.IndexOf(EndTokenId) : TokenBatch.PositionOfLargest(row);
        }

        return new TokenBatch(ids, contextLength, endPositions);
    }

    /// <summary>The ids of a text, without start and end token and of any number.</summary>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        TokenSink sink = TokenSink.Growing();
        try
        {
            Encode(text, ref sink);
            return sink.Tokens.ToArray();
        }
        finally
        {
            sink.Return();
        }
    }

    /// <summary>
    /// The text that ids stand for: <c>SimpleTokenizer.decode</c>. A space follows each word; bytes that are not UTF-8 become U+FFFD.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids)
    {
        ArrayBufferWriter<byte> bytes = new(Math.Max(16, ids.Length * 4));
        foreach (int id in ids)
        {
            AppendBytes(Symbol(id), bytes);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan).Replace(ByteSymbols.EndOfWord, " ", StringComparison.Ordinal);
    }

    /// <summary>A token as text, for display: <c>cat&lt;/w&gt;</c> is a token at a word's end, <c>cat</c> one that goes on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public string TokenText(int id)
    {
        ArrayBufferWriter<byte> bytes = new(16);
        AppendBytes(Symbol(id), bytes);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static ClipTokenizer LoadMerges(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return new ClipTokenizer(Vocabulary.FromMerges(stream, path));
    }

    private static ClipTokenizer LoadVocabulary(string vocabularyPath, string mergesPath)
    {
        using FileStream vocabulary = File.OpenRead(vocabularyPath);
        using FileStream merges = File.OpenRead(mergesPath);
        return new ClipTokenizer(Vocabulary.FromVocabulary(vocabulary, vocabularyPath, merges, mergesPath));
    }

    private void Encode(string text, ref TokenSink sink)
    {
        byte[] utf8;
        int length;
        if (TextCleaner.NeedsNoCleaning(text))
        {
            utf8 = ArrayPool<byte>.Shared.Rent(text.Length);
            Ascii.ToLower(text, utf8, out length);
        }
        else
        {
            using CodePointBuffer clean = new(text.Length);
            TextCleaner.Clean(text, clean);
            utf8 = ArrayPool<byte>.Shared.Rent(clean.Count * 4);
            length = Utf8.Encode(clean.Span, utf8);
        }

        try
        {
            PatternSplitter.Encode(utf8.AsSpan(0, length), _encoder, StartTokenId, EndTokenId, ref sink);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(utf8);
        }
    }

    /// <summary>A token as the vocabulary file spells it, bytes as characters.</summary>
    internal string Symbol(int id)
    {
        string?[] symbols = _vocabulary.SymbolsById;
        return (uint)id < (uint)symbols.Length && symbols[id] is string symbol
            ? symbol
            : throw new ArgumentOutOfRangeException(nameof(id), id, $"The vocabulary of {VocabularySize} tokens has none with this id.");
    }

    private static void AppendBytes(string symbol, ArrayBufferWriter<byte> bytes)
    {
        Span<byte> room = bytes.GetSpan(symbol.Length);
        for (int i = 0; i < symbol.Length; i++)
        {
            room[i] = (byte)ByteSymbols.ToByte(symbol[i]);
        }

        bytes.Advance(symbol.Length);
    }
}
