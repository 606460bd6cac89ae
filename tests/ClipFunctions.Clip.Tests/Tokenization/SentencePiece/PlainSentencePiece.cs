using System.Text;
using ClipFunctions.Testing;

namespace ClipFunctions.Clip.Tests.Tokenization.SentencePiece;

/// <summary>SentencePiece as its papers tell it: every segmentation tried, every merge searched for anew. For short texts and models without rules.</summary>
internal static class PlainSentencePiece
{
    public static int[] Encode(SentencePieceFile file, string text)
    {
        string normalized = text;
        if (file.RemoveExtraSpaces)
        {
            normalized = string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }

        normalized = normalized.Replace(' ', '▁');
        if (normalized.Length == 0)
        {
            return [];
        }

        normalized = file.DummyPrefix ? "▁" + normalized : normalized;
        List<string> characters = [.. normalized.EnumerateRunes().Select(rune => rune.ToString())];
        return Ids(file, file.Algorithm == 1 ? BestSegmentation(file, characters) : Merge(file, characters));
    }

    private static List<string> BestSegmentation(SentencePieceFile file, List<string> characters)
    {
        double unknown = file.Pieces.Where(piece => piece.Kind == SentencePieceFile.Normal).Min(piece => piece.Score) - 10;
        List<string> best = [];
        double bestScore = double.NegativeInfinity;
        Try(0, [], 0);
        return best;

        void Try(int start, List<string> pieces, double score)
        {
            if (start == characters.Count)
            {
                if (score > bestScore || (score == bestScore && IsLongerFromTheEnd(pieces, best)))
                {
                    bestScore = score;
                    best = [.. pieces];
                }

                return;
            }

            for (int end = start + 1; end <= characters.Count; end++)
            {
                string piece = string.Concat(characters[start..end]);
                int id = file.Pieces.FindIndex(candidate => candidate.Text == piece && candidate.Kind == SentencePieceFile.Normal);
                if (id >= 0 || end == start + 1)
                {
                    Try(end, [.. pieces, piece], score + (id >= 0 ? file.Pieces[id].Score : unknown));
                }
            }
        }
    }

    private static bool IsLongerFromTheEnd(List<string> one, List<string> other)
    {
        for (int back = 1; back <= Math.Min(one.Count, other.Count); back++)
        {
            if (one[^back].Length != other[^back].Length)
            {
                return one[^back].Length > other[^back].Length;
            }
        }

        return false;
    }

    private static List<string> Merge(SentencePieceFile file, List<string> characters)
    {
        List<(string Text, bool Frozen)> symbols = [];
        string rest = string.Concat(characters);
        while (rest.Length > 0)
        {
            string? mark = file.Pieces.Where(piece => piece.Kind == SentencePieceFile.UserDefined && rest.StartsWith(piece.Text, StringComparison.Ordinal)).Select(piece => piece.Text).MaxBy(piece => piece.Length);
            string next = mark ?? rest.EnumerateRunes().First().ToString();
            symbols.Add((next, mark is not null));
            rest = rest[next.Length..];
        }

        Dictionary<string, (string Left, string Right)> made = [];
        while (true)
        {
            int at = -1;
            float score = float.NegativeInfinity;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int id = file.Pieces.FindIndex(piece => piece.Text == symbols[i].Text + symbols[i + 1].Text && piece.Kind is SentencePieceFile.Normal or SentencePieceFile.Unused);
                if (id >= 0 && !symbols[i].Frozen && !symbols[i + 1].Frozen && file.Pieces[id].Score > score)
                {
                    (at, score) = (i, file.Pieces[id].Score);
                }
            }

            if (at < 0)
            {
                break;
            }

            made[symbols[at].Text + symbols[at + 1].Text] = (symbols[at].Text, symbols[at + 1].Text);
            symbols[at] = (symbols[at].Text + symbols[at + 1].Text, false);
            symbols.RemoveAt(at + 1);
        }

        return [.. symbols.SelectMany(symbol => Unmade(symbol.Text))];

        IEnumerable<string> Unmade(string text)
            => file.Pieces.Any(piece => piece.Text == text && piece.Kind == SentencePieceFile.Unused) && made.TryGetValue(text, out (string Left, string Right) parts)
                ? [.. Unmade(parts.Left), .. Unmade(parts.Right)]
                : [text];
    }

    private static int[] Ids(SentencePieceFile file, List<string> pieces)
    {
        int unknown = file.Pieces.FindIndex(piece => piece.Kind == SentencePieceFile.Unknown);
        List<int> ids = [];
        bool inRun = false;
        foreach (string text in pieces)
        {
            int id = file.Pieces.FindIndex(piece => piece.Text == text && piece.Kind is SentencePieceFile.Normal or SentencePieceFile.UserDefined or SentencePieceFile.Unused);
            if (id >= 0)
            {
                ids.Add(id);
            }
            else if (file.ByteFallback)
            {
                ids.AddRange(Encoding.UTF8.GetBytes(text).Select(b => file.Pieces.FindIndex(piece => piece.Text == $"<0x{b:X2}>")));
            }
            else if (!inRun)
            {
                ids.Add(unknown);
            }

            inRun = id < 0;
        }

        return [.. ids];
    }
}
