using System.Globalization;
using System.IO.Compression;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>
/// Captions as the web has them, the same for the same seed: words of CLIP's own vocabulary, the frequent ones often (Zipf), rare words put together of
/// fragments, numbers, capitals, punctuation, accents, entities.
/// </summary>
internal static class Captions
{
    private static readonly string[] Openings = ["", "", "", "a photo of a ", "the ", "A close-up of the ", "itap of my ", "Vintage ", "two ", "Stock photo: ", "my ", "How to make "];
    private static readonly string[] Endings = ["", "", "", "", ".", ".", "!", " | Pinterest", " - Wikipedia", "...", " #1", " (2019)", " &amp; more", " 🙂", " \u2014 s\u00e3o paulo", " caf\u00e9"];
    private static readonly string[] Joints = [" ", " ", " ", " ", " ", " ", " ", ", ", " - ", " & ", " of ", " in the ", " with ", " at ", "'s ", " for "];

    /// <summary>Makes captions of 2 to 25 words.</summary>
    /// <param name="vocabulary"><c>bpe_simple_vocab_16e6.txt.gz</c>.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Each seed gives others.</param>
    public static string[] Make(string vocabulary, int count, int seed = 1)
    {
        (string[] words, string[] fragments) = Words(vocabulary);
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            string text = Pick(Openings);
            int length = 2 + (int)(23 * random.NextDouble() * random.NextDouble());
            for (int i = 0; i < length; i++)
            {
                text += (i == 0 ? "" : Pick(Joints)) + random.Next(100) switch
                {
                    < 4 => random.Next(1, 2100).ToString(CultureInfo.InvariantCulture),
                    < 10 => fragments[random.Next(fragments.Length)] + Frequent(),
                    < 25 => Capital(Frequent()),
                    < 27 => Frequent().ToUpperInvariant(),
                    _ => Frequent(),
                };
            }

            return text + Pick(Endings);
        })];

        string Frequent() => words[(int)Math.Pow(words.Length, random.NextDouble()) - 1];
        string Pick(string[] from) => from[random.Next(from.Length)];
        static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
    }

    /// <summary>The first captions of no more tokens than that, the longest of them first.</summary>
    public static string[] Short(string vocabulary, int count, int tokens)
    {
        ClipTokenizer tokenizer = ClipTokenizer.Load(vocabulary);
        return [.. Make(vocabulary, 50 * count, seed: 2).Select(text => (Text: text, Tokens: tokenizer.Encode(text).Count + 2)).Where(text => text.Tokens <= tokens)
            .Take(count).OrderByDescending(text => text.Tokens).Select(text => text.Text)];
    }

    private static (string[] Words, string[] Fragments) Words(string vocabulary)
    {
        const int Merges = 48_894;
        const string End = "</w>";
        using StreamReader reader = new(new GZipStream(File.OpenRead(vocabulary), CompressionMode.Decompress));
        string[] tokens = [.. reader.ReadToEnd().Split('\n').Skip(1).Take(Merges).Select(line => line.Replace(" ", "", StringComparison.Ordinal))];
        return ([.. tokens.Where(token => token.EndsWith(End, StringComparison.Ordinal)).Select(token => token[..^End.Length]).Where(IsWord)],
            [.. tokens.Where(token => !token.EndsWith(End, StringComparison.Ordinal) && IsWord(token))]);

        static bool IsWord(string token) => token.Length > 1 && token.All(char.IsAsciiLetterLower);
    }
}
