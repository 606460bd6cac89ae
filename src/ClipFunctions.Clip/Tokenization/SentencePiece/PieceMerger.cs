using System.Buffers;
using System.Text;

namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>Byte-pair merges of a text's characters, the best-scored pair first and of equals the leftmost (bpe_model.cc of google/sentencepiece).</summary>
internal sealed class PieceMerger : IPieceEncoder
{
    private readonly SentencePieceModel _model;
    private readonly PieceTrie _userDefined;
    private readonly Dictionary<byte[], int> _ids = new(Utf8Comparer.Instance);
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _idOf;

    public PieceMerger(SentencePieceModel model, PieceTrie userDefined)
    {
        _model = model;
        _userDefined = userDefined;
        for (int id = 0; id < model.Pieces.Count; id++)
        {
            if (model.Pieces[id].IsSpelled)
            {
                _ids.Add(model.Pieces[id].Text, id);
            }
        }

        _idOf = _ids.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public void Encode(ReadOnlySpan<byte> text, ref TokenSink sink)
    {
        if (text.IsEmpty)
        {
            return;
        }

        Symbol[] symbols = ArrayPool<Symbol>.Shared.Rent(text.Length);
        try
        {
            int count = Split(text, symbols);
            PriorityQueue<Pair, (float Score, int Left)> agenda = new(count, Comparer<(float Score, int Left)>.Create(
                static (x, y) => x.Score != y.Score ? y.Score.CompareTo(x.Score) : x.Left.CompareTo(y.Left)));
            Dictionary<int, int>? splits = null;
            for (int i = 1; i < count; i++)
            {
                Propose(text, symbols, i - 1, i, agenda, ref splits);
            }

            while (agenda.TryDequeue(out Pair pair, out _))
            {
                ref Symbol left = ref symbols[pair.Left];
                ref Symbol right = ref symbols[pair.Right];
                if (left.Length == 0 || right.Length == 0 || left.Length + right.Length != pair.Length)
                {
                    continue;
                }

                left = left with { Length = pair.Length, Next = right.Next };
                if (right.Next >= 0)
                {
                    symbols[right.Next].Previous = pair.Left;
                }

                right.Length = 0;
                Propose(text, symbols, left.Previous, pair.Left, agenda, ref splits);
                Propose(text, symbols, pair.Left, left.Next, agenda, ref splits);
            }

            UnknownPieces unknown = new(_model);
            for (int i = 0; i >= 0 && !sink.IsDone; i = symbols[i].Next)
            {
                Emit(text, symbols[i].Start, symbols[i].Length, splits, ref unknown, ref sink);
            }
        }
        finally
        {
            ArrayPool<Symbol>.Shared.Return(symbols);
        }
    }

    private int Split(ReadOnlySpan<byte> text, Symbol[] symbols)
    {
        int count = 0;
        for (int start = 0; start < text.Length; count++)
        {
            int length = _userDefined.LongestPrefix(text[start..]);
            bool frozen = length > 0;
            if (!frozen)
            {
                Rune.DecodeFromUtf8(text[start..], out _, out length);
            }

            symbols[count] = new Symbol(count - 1, start + length < text.Length ? count + 1 : -1, start, length, frozen);
            start += length;
        }

        return count;
    }

    private void Propose(ReadOnlySpan<byte> text, Symbol[] symbols, int left, int right, PriorityQueue<Pair, (float Score, int Left)> agenda, ref Dictionary<int, int>? splits)
    {
        if (left < 0 || right < 0 || symbols[left].Frozen || symbols[right].Frozen)
        {
            return;
        }

        int start = symbols[left].Start;
        int length = symbols[left].Length + symbols[right].Length;
        if (!_idOf.TryGetValue(text.Slice(start, length), out int id))
        {
            return;
        }

        agenda.Enqueue(new Pair(left, right, length), (_model.Pieces[id].Score, left));
        if (_model.Pieces[id].Kind == PieceKind.Unused)
        {
            (splits ??= [])[id] = symbols[left].Length;
        }
    }

    private void Emit(ReadOnlySpan<byte> text, int start, int length, Dictionary<int, int>? splits, ref UnknownPieces unknown, ref TokenSink sink)
    {
        ReadOnlySpan<byte> spelling = text.Slice(start, length);
        int id = _idOf.TryGetValue(spelling, out int found) ? found : _model.UnknownId;
        if (splits is not null && _model.Pieces[id].Kind == PieceKind.Unused && splits.TryGetValue(id, out int left))
        {
            Emit(text, start, left, splits, ref unknown, ref sink);
            Emit(text, start + left, length - left, splits, ref unknown, ref sink);
            return;
        }

        unknown.Add(id, spelling, ref sink);
    }

    private record struct Symbol(int Previous, int Next, int Start, int Length, bool Frozen);

    private readonly record struct Pair(int Left, int Right, int Length);
}
