namespace ClipFunctions.Clip.Tests.Tokenization;

/// <summary>BPE as simple_tokenizer.py of openai/CLIP writes it, on strings and slow: what the quick encoder is tested against.</summary>
internal static class PlainBytePairEncoding
{
    /// <summary>The symbols of a word, given as its bytes' characters.</summary>
    public static List<string> Split(string word, IReadOnlyDictionary<(string, string), int> ranks)
    {
        List<string> symbols = [.. word.Select(c => c.ToString())];
        symbols[^1] += "</w>";
        while (symbols.Count > 1)
        {
            (string First, string Second) best = symbols.Zip(symbols.Skip(1)).MinBy(pair => ranks.GetValueOrDefault(pair, int.MaxValue));
            if (!ranks.ContainsKey(best))
            {
                break;
            }

            List<string> merged = [];
            for (int i = 0; i < symbols.Count; i++)
            {
                if (i + 1 < symbols.Count && symbols[i] == best.First && symbols[i + 1] == best.Second)
                {
                    merged.Add(best.First + best.Second);
                    i++;
                }
                else
                {
                    merged.Add(symbols[i]);
                }
            }

            symbols = merged;
        }

        return symbols;
    }
}
