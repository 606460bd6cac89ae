namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>How a character that no piece spells is told: as its bytes where the model falls back to them, else as one unknown token for a whole run of such.</summary>
internal ref struct UnknownPieces(SentencePieceModel model)
{
    private bool _inRun;

    public void Add(int id, ReadOnlySpan<byte> text, ref TokenSink sink)
    {
        if (id != model.UnknownId)
        {
            sink.Add(id);
            _inRun = false;
            return;
        }

        if (model.ByteIds is { } bytes)
        {
            foreach (byte b in text)
            {
                sink.Add(bytes[b]);
            }
        }
        else if (!_inRun)
        {
            sink.Add(id);
        }

        _inRun = true;
    }
}
