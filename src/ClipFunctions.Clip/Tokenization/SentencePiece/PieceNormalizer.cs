using System.Text;

namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>Brings a text into the form that a vocabulary's pieces have: the rules of its model file, spaces as U+2581 (normalizer.cc of google/sentencepiece).</summary>
internal sealed class PieceNormalizer(SentencePieceModel model, PieceTrie userDefined)
{
    private static ReadOnlySpan<byte> Space => " "u8;

    private static ReadOnlySpan<byte> SpaceSymbol => "\u2581"u8;

    public void Normalize(ReadOnlySpan<byte> text, bool addDummyPrefix, ByteBuffer to)
    {
        ReadOnlySpan<byte> space = model.EscapesSpaces ? SpaceSymbol : Space;
        if (model.RemovesExtraSpaces)
        {
            while (!text.IsEmpty)
            {
                int consumed = Next(text, out ReadOnlySpan<byte> replacement);
                if (!replacement.SequenceEqual(Space))
                {
                    break;
                }

                text = text[consumed..];
            }
        }

        if (text.IsEmpty)
        {
            return;
        }

        if (addDummyPrefix && !model.SpaceIsSuffix)
        {
            to.Add(space);
        }

        bool afterSpace = model.RemovesExtraSpaces;
        while (!text.IsEmpty)
        {
            text = text[Next(text, out ReadOnlySpan<byte> replacement)..];
            while (afterSpace && replacement.StartsWith(Space))
            {
                replacement = replacement[1..];
            }

            if (replacement.IsEmpty)
            {
                continue;
            }

            afterSpace = model.RemovesExtraSpaces && replacement[^1] == Space[0];
            while (model.EscapesSpaces && replacement.IndexOf(Space[0]) is int at and >= 0)
            {
                to.Add(replacement[..at]);
                to.Add(SpaceSymbol);
                replacement = replacement[(at + 1)..];
            }

            to.Add(replacement);
        }

        while (model.RemovesExtraSpaces && to.Span.EndsWith(space))
        {
            to.Truncate(to.Count - space.Length);
        }

        if (addDummyPrefix && model.SpaceIsSuffix)
        {
            to.Add(space);
        }
    }

    // What the text's next piece of work becomes, and how many bytes it has.
    private int Next(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        int length = userDefined.LongestPrefix(text);
        if (length == 0 && model.Rules is { } rules)
        {
            length = rules.LongestPrefix(text, out replacement);
            if (length > 0)
            {
                return length;
            }
        }

        if (length == 0)
        {
            Rune.DecodeFromUtf8(text, out _, out length);
        }

        replacement = text[..length];
        return length;
    }
}
