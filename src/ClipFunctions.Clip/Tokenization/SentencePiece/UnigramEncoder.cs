using System.Buffers;

namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>The most probable split of a text under a unigram model, found by Viterbi's algorithm over the bytes (unigram_model.cc of google/sentencepiece).</summary>
internal sealed class UnigramEncoder : IPieceEncoder
{
    private const float UnknownPenalty = 10;

    // Where no score is above 0, as with logarithms of probabilities, the reference starts from the smallest normal number.
    private const float SmallestNormal = 1.17549435e-38f;

    private readonly SentencePieceModel _model;
    private readonly PieceTrie _trie = new();
    private readonly float _unknownScore;
    private readonly float _largestScore = SmallestNormal;

    public UnigramEncoder(SentencePieceModel model)
    {
        _model = model;
        float smallest = float.MaxValue;
        for (int id = 0; id < model.Pieces.Count; id++)
        {
            Piece piece = model.Pieces[id];
            if (piece.IsSpelled)
            {
                _trie.Add(piece.Text, id);
            }

            if (piece.Kind == PieceKind.Normal)
            {
                smallest = Math.Min(smallest, piece.Score);
                _largestScore = Math.Max(_largestScore, piece.Score);
            }
        }

        _unknownScore = smallest - UnknownPenalty;
    }

    public void Encode(ReadOnlySpan<byte> text, ref TokenSink sink)
    {
        if (text.IsEmpty)
        {
            return;
        }

        int size = text.Length;
        Node[] best = ArrayPool<Node>.Shared.Rent(size + 1);
        try
        {
            best.AsSpan(0, size + 1).Fill(new Node(-1, -1, 0));
            for (int start = 0; start < size;)
            {
                int character = Math.Min(Utf8Length(text[start]), size - start);
                float before = best[start].Score;
                bool spelled = false;
                int node = 0;
                for (int end = start; end < size && _trie.TryStep(ref node, text[end], out int id);)
                {
                    end++;
                    if (id < 0 || _model.Pieces[id].Kind == PieceKind.Unused)
                    {
                        continue;
                    }

                    // In double, as the reference adds them; only what is kept is rounded to float.
                    Piece piece = _model.Pieces[id];
                    double score = piece.Kind == PieceKind.UserDefined ? ((end - start) * _largestScore) - 0.1 : piece.Score;
                    Offer(ref best[end], start, id, score + before);
                    spelled |= end - start == character;
                }

                if (!spelled)
                {
                    Offer(ref best[start + character], start, _model.UnknownId, _unknownScore + before);
                }

                start += character;
            }

            // Back along the best path, then forth: the nodes of the path are linked by their ends.
            int next = size;
            int at = size;
            while (at > 0)
            {
                Node node = best[at];
                best[at] = node with { Next = next };
                next = at;
                at = node.Start;
            }

            UnknownPieces unknown = new(_model);
            for (int end = next, start = 0; ; start = end, end = best[end].Next)
            {
                unknown.Add(best[end].Id, text[start..end], ref sink);
                if (end == size || sink.IsDone)
                {
                    break;
                }
            }
        }
        finally
        {
            ArrayPool<Node>.Shared.Return(best);
        }
    }

    private static void Offer(ref Node node, int start, int id, double score)
    {
        if (node.Start < 0 || score > node.Score)
        {
            node = new Node(start, id, (float)score);
        }
    }

    private static int Utf8Length(byte first) => first switch
    {
        < 0xC0 => 1,
        < 0xE0 => 2,
        < 0xF0 => 3,
        _ => 4,
    };

    private readonly record struct Node(int Start, int Id, float Score, int Next = 0);
}
