using System.Buffers;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// Undoes UTF-8 that was read in a single-byte encoding: <c>fix_encoding</c> of ftfy 6.3.1 (ftfy/__init__.py, ftfy/fixes.py).
/// </summary>
internal static class Mojibake
{
    /// <summary>Fixes a text in place, step by step until nothing changes any more or the budget is spent.</summary>
    public static void Fix(CodePointBuffer text, ref WorkBudget budget)
    {
        if (text.Span.IndexOfAnyExceptInRange(0, 0x7F) < 0)
        {
            return;
        }

        using CodePointBuffer next = new(text.Count);
        while (text.Count > 0 && budget.Spend(4L * text.Count))
        {
            if (!TryStep(text.Span, next, ref budget) || next.Span.SequenceEqual(text.Span))
            {
                return;
            }

            text.Swap(next);
        }
    }

    // One step of fixing; false where there is nothing to do.
    private static bool TryStep(ReadOnlySpan<int> text, CodePointBuffer to, ref WorkBudget budget)
    {
        if (text.IndexOfAnyExceptInRange(0, 0x7F) < 0 || !Badness.IsBad(text))
        {
            return false;
        }

        int encodings = -1;
        foreach (int c in text)
        {
            encodings &= MojibakeTables.EncodingsOf(c);
            if (encodings == 0)
            {
                break;
            }
        }

        // It was UTF-8 and was decoded in one of these encodings.
        for (int encoding = 0; encoding < MojibakeTables.EncodingCount; encoding++)
        {
            if ((encodings & (1 << encoding)) != 0 && TryRedecode(text, encoding, to))
            {
                return true;
            }
        }

        // It was partly so.
        if (TryFixParts(text, to, ref budget))
        {
            return true;
        }

        // It is Latin-1 and should be Windows-1252. (ftfy also asks here for "windows-1252" among the encodings that were
        // possible; they are called sloppy-windows-1252, so that never applies.)
        if ((encodings & (1 << MojibakeTables.Latin1)) != 0 && TryWindows1252(text, to) && !to.Span.SequenceEqual(text))
        {
            return true;
        }

        if (text.IndexOfAnyInRange(0x80, 0x9F) < 0)
        {
            return false;
        }

        to.Clear();
        foreach (int c in text)
        {
            to.Add(c is >= 0x80 and <= 0x9F ? MojibakeTables.FromC1(c) : c);
        }

        return true;
    }

    private static bool TryRedecode(ReadOnlySpan<int> text, int encoding, CodePointBuffer to)
    {
        // A lost byte may become the three of U+FFFD.
        byte[] bytes = ArrayPool<byte>.Shared.Rent(text.Length * 3);
        byte[] other = ArrayPool<byte>.Shared.Rent(text.Length * 3);
        try
        {
            int length = text.Length;
            for (int i = 0; i < text.Length; i++)
            {
                bytes[i] = MojibakeTables.ByteOf(encoding, text[i]);
            }

            if (encoding != MojibakeTables.MacRoman && LossyBytes.HasAltered(bytes.AsSpan(0, length)))
            {
                length = LossyBytes.RestoreA0(bytes.AsSpan(0, length), other);
                (bytes, other) = (other, bytes);
            }

            if (MojibakeTables.IsSloppy(encoding))
            {
                // Restoring may have made it longer by half.
                if (other.Length < length * 3)
                {
                    ArrayPool<byte>.Shared.Return(other);
                    other = [];
                    other = ArrayPool<byte>.Shared.Rent(length * 3);
                }

                length = LossyBytes.ReplaceLost(bytes.AsSpan(0, length), other);
                (bytes, other) = (other, bytes);
            }

            ReadOnlySpan<byte> encoded = bytes.AsSpan(0, length);
            to.Clear();
            return encoded.IndexOfAny((byte)0xED, (byte)0xC0) >= 0 ? Utf8.TryDecodeVariants(encoded, to) : Utf8.TryDecode(encoded, to);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            if (other.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(other);
            }
        }
    }

    // decode_inconsistent_utf8: fixes runs that look like UTF-8, each for itself. False if that changes nothing.
    private static bool TryFixParts(ReadOnlySpan<int> text, CodePointBuffer to, ref WorkBudget budget)
    {
        bool changed = false;
        to.Clear();
        for (int i = 0; i < text.Length;)
        {
            int length = i > 0 && (MojibakeTables.CluesOf(text[i - 1]) & Utf8Clues.ContinuationStrict) != 0 ? 0 : Utf8LikeLength(text[i..]);
            if (length == 0)
            {
                to.Add(text[i++]);
                continue;
            }

            ReadOnlySpan<int> run = text.Slice(i, length);
            i += length;
            if (length < text.Length && Badness.IsBad(run))
            {
                using CodePointBuffer part = new(length);
                part.CopyFrom(run);
                Fix(part, ref budget);
                changed |= !part.Span.SequenceEqual(run);
                to.AddRange(part.Span);
            }
            else
            {
                to.AddRange(run);
            }
        }

        return changed;
    }

    // How much of a text is characters that were UTF-8 sequences, one after the other (UTF8_DETECTOR_RE).
    private static int Utf8LikeLength(ReadOnlySpan<int> text)
    {
        int length = 0;
        while (length < text.Length)
        {
            Utf8Clues clues = MojibakeTables.CluesOf(text[length]);
            int continuations = (clues & Utf8Clues.FirstOfTwo) != 0 ? 1
                : (clues & Utf8Clues.FirstOfThree) != 0 ? 2
                : (clues & Utf8Clues.FirstOfFour) != 0 ? 3
                : 0;
            if (continuations == 0 || length + continuations >= text.Length)
            {
                break;
            }

            foreach (int c in text.Slice(length + 1, continuations))
            {
                if ((MojibakeTables.CluesOf(c) & Utf8Clues.Continuation) == 0)
                {
                    return length;
                }
            }

            length += 1 + continuations;
        }

        return length;
    }

    private static bool TryWindows1252(ReadOnlySpan<int> text, CodePointBuffer to)
    {
        to.Clear();
        foreach (int c in text)
        {
            if (c is < 0x80 or > 0x9F)
            {
                to.Add(c);
            }
            else if (MojibakeTables.TryStrictWindows1252(c, out int meant))
            {
                to.Add(meant);
            }
            else
            {
                return false;
            }
        }

        return true;
    }
}
