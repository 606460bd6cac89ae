using System.Text;
using System.Text.Json;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// The symbols, merges and ids of a byte-level BPE vocabulary. A symbol's index is its place in openai/CLIP's list
/// (256 bytes, 256 bytes at a word's end, one per merge, start, end); its id is that index, or what vocab.json says.
/// </summary>
internal sealed class Vocabulary
{
    public const string StartToken = "<|startoftext|>";
    public const string EndToken = "<|endoftext|>";

    /// <summary>simple_tokenizer.py reads the first 49152 - 256 - 2 merges; the published file holds more.</summary>
    public const int MaximumMerges = 49152 - 256 - 2;

    private const int MaximumId = 1 << 24;

    private Vocabulary(string[] symbols, int[] ids, List<Merge> merges)
    {
        Symbols = symbols;
        Ids = ids;
        Merges = merges;
        StartTokenId = ids[^2];
        EndTokenId = ids[^1];
        Size = ids.Max() + 1;
        SymbolsById = new string?[Size];
        for (int symbol = 0; symbol < symbols.Length; symbol++)
        {
            SymbolsById[ids[symbol]] = symbols[symbol];
        }
    }

    /// <summary>Two neighbours that become one symbol; a merge's rank is its place in the list.</summary>
    public readonly record struct Merge(int Left, int Right, int Result);

    public string[] Symbols { get; }

    /// <summary>The id of each symbol.</summary>
    public int[] Ids { get; }

    public IReadOnlyList<Merge> Merges { get; }

    public int StartTokenId { get; }

    public int EndTokenId { get; }

    /// <summary>The largest id and one.</summary>
    public int Size { get; }

    public string?[] SymbolsById { get; }

    /// <summary>Reads a merges file of openai's form: a header line, then one merge a line.</summary>
    public static Vocabulary FromMerges(Stream stream, string source)
    {
        List<string> lines = ReadLines(stream, source);
        // The first line is a header whatever it says, as in simple_tokenizer.py.
        return Make(ParseMerges(lines, skip: 1, source), source, idOf: null);
    }

    /// <summary>Reads Hugging Face's two files: merges.txt gives the merges, vocab.json the ids.</summary>
    public static Vocabulary FromVocabulary(Stream vocabulary, string vocabularySource, Stream merges, string mergesSource)
    {
        Dictionary<string, int> idOf = ReadIds(vocabulary, vocabularySource);
        List<string> lines = ReadLines(merges, mergesSource);
        int skip = lines[0].StartsWith("#version", StringComparison.Ordinal) ? 1 : 0;
        List<(string Left, string Right, int Line)> parsed = ParseMerges(lines, skip, mergesSource);
        return Make(parsed, mergesSource, symbol => IdOf(symbol, idOf, vocabularySource));
    }

    /// <summary>The same from what a tokenizer.json holds.</summary>
    public static Vocabulary FromMerges(Dictionary<string, int> ids, List<(string Left, string Right, int Line)> merges, string source)
    {
        if (merges.Count > MaximumMerges)
        {
            merges = merges[..MaximumMerges];
        }

        return Make(merges, source, symbol => IdOf(symbol, ids, source));
    }

    private static int IdOf(string symbol, Dictionary<string, int> ids, string source) => ids.TryGetValue(symbol, out int id) && id is >= 0 and < MaximumId
        ? id
        : throw new InvalidVocabularyException(source, null, $"the symbol \"{symbol}\" has no id there.");

    private static Vocabulary Make(List<(string Left, string Right, int Line)> parsed, string source, Func<string, int>? idOf)
    {
        string[] symbols = new string[512 + parsed.Count + 2];
        for (int i = 0; i < 256; i++)
        {
            symbols[i] = ByteSymbols.ToCharacter(ByteSymbols.Order[i]).ToString();
            symbols[256 + i] = symbols[i] + ByteSymbols.EndOfWord;
        }

        for (int i = 0; i < parsed.Count; i++)
        {
            symbols[512 + i] = parsed[i].Left + parsed[i].Right;
        }

        symbols[^2] = StartToken;
        symbols[^1] = EndToken;

        // Two merges may spell the same symbol; in the reference's dict the last one's id counts.
        Dictionary<string, int> indexOf = new(symbols.Length, StringComparer.Ordinal);
        for (int i = 0; i < symbols.Length; i++)
        {
            indexOf[symbols[i]] = i;
        }

        List<Merge> merges = new(parsed.Count);
        foreach ((string left, string right, int line) in parsed)
        {
            merges.Add(new Merge(IndexOf(left, line), IndexOf(right, line), indexOf[left + right]));
        }

        int[] ids = new int[symbols.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = idOf is null ? i : idOf(symbols[i]);
        }

        return new Vocabulary(symbols, ids, merges);

        int IndexOf(string symbol, int line) => indexOf.TryGetValue(symbol, out int index)
            ? index
            : throw new InvalidVocabularyException(source, line, $"\"{symbol}\" is neither a byte's symbol nor made by any merge.");
    }

    private static List<(string Left, string Right, int Line)> ParseMerges(List<string> lines, int skip, string source)
    {
        int end = lines.Count;
        while (end > 0 && lines[end - 1].AsSpan().Trim().IsEmpty)
        {
            end--;
        }

        if (end == 0)
        {
            throw new InvalidVocabularyException(source, null, "it is empty.");
        }

        end = Math.Min(end, skip + MaximumMerges);
        List<(string Left, string Right, int Line)> merges = new(end);
        for (int i = skip; i < end; i++)
        {
            ReadOnlySpan<char> line = lines[i].AsSpan().Trim();
            int space = line.IndexOf(' ');
            if (space < 0 || line[(space + 1)..].Contains(' '))
            {
                string shown = line.Length > 80 ? string.Concat(line[..80], "…") : line.ToString();
                throw new InvalidVocabularyException(source, i + 1, $"a merge is two symbols with a space between, but here is \"{shown}\".");
            }

            merges.Add((line[..space].ToString(), line[(space + 1)..].ToString(), i + 1));
        }

        return merges;
    }

    private static List<string> ReadLines(Stream stream, string source)
    {
        byte[] bytes = VocabularyFile.ReadAll(stream, source);
        try
        {
            string text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
            text = text.TrimStart('\uFEFF');

            // The published file has five times as many lines as are read of it.
            List<string> lines = [];
            foreach (Range line in text.AsSpan().Split('\n'))
            {
                lines.Add(text[line]);
                if (lines.Count == 1 + MaximumMerges)
                {
                    break;
                }
            }

            return lines;
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidVocabularyException(source, null, $"it is not UTF-8 text (byte {e.Index}).", e);
        }
    }

    private static Dictionary<string, int> ReadIds(Stream stream, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(VocabularyFile.ReadAll(stream, source));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidVocabularyException(source, null, "it is not a JSON object of symbols and ids.");
            }

            Dictionary<string, int> ids = new(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out int id) || id < 0 || id >= MaximumId)
                {
                    throw new InvalidVocabularyException(source, null, $"the id of \"{property.Name}\" is {property.Value.GetRawText()}, not a number from 0 to {MaximumId - 1}.");
                }

                ids[property.Name] = id;
            }

            return ids;
        }
        catch (JsonException e)
        {
            throw new InvalidVocabularyException(source, (int?)e.LineNumber + 1, "it is not JSON.", e);
        }
    }
}
