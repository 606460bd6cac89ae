using System.Text;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// Cuts cleaned, lower-cased text into words as openai/CLIP's pattern does with IGNORECASE:
/// <c>&lt;\|startoftext\|&gt;|&lt;\|endoftext\|&gt;|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+</c>,
/// with the classes of the regex module that it runs on (Unicode 15), whatever .NET or ICU say of them.
/// </summary>
internal static class PatternSplitter
{
    // How the pattern sees the bytes of ASCII; everything else is looked up as a code point.
    private static readonly CharacterKind[] AsciiKinds = MakeAsciiKinds();

    private static ReadOnlySpan<byte> StartText => "<|startoftext|>"u8;

    private static ReadOnlySpan<byte> EndText => "<|endoftext|>"u8;

    /// <summary>Adds the ids of all words of a text in UTF-8.</summary>
    public static void Encode(ReadOnlySpan<byte> text, BytePairEncoder encoder, int startTokenId, int endTokenId, ref TokenSink sink)
    {
        int i = 0;
        while (i < text.Length && !sink.IsDone)
        {
            CharacterKind kind = KindAt(text, i, out int length);
            int end = i + length;
            switch (kind)
            {
                case CharacterKind.Letter:
                    while (end < text.Length && KindAt(text, end, out length) == CharacterKind.Letter)
                    {
                        end += length;
                    }

                    break;
                case CharacterKind.Number:
                    break;
                case CharacterKind.Other:
                    if (text[i] == '\'' && ContractionLength(text[i..]) is int contraction and > 0)
                    {
                        end = i + contraction;
                        break;
                    }

                    if (text[i] == '<')
                    {
                        if (text[i..].StartsWith(StartText))
                        {
                            sink.Add(startTokenId);
                            i += StartText.Length;
                            continue;
                        }

                        if (text[i..].StartsWith(EndText))
                        {
                            sink.Add(endTokenId);
                            i += EndText.Length;
                            continue;
                        }

                        // The long s matches the pattern's s, but then the word is not the start token.
                        if (text[i..].StartsWith("<|\u017Ftartoftext|>"u8))
                        {
                            end = i + StartText.Length + 1;
                            break;
                        }
                    }

                    while (end < text.Length && KindAt(text, end, out length) == CharacterKind.Other)
                    {
                        end += length;
                    }

                    break;
                default:
                    i = end;
                    continue;
            }

            encoder.Encode(text[i..end], ref sink);
            i = end;
        }
    }

    private static CharacterKind KindAt(ReadOnlySpan<byte> text, int index, out int length)
    {
        byte first = text[index];
        if (first < 0x80)
        {
            length = 1;
            return AsciiKinds[first];
        }

        Rune.DecodeFromUtf8(text[index..], out Rune rune, out length);
        return CharacterTables.KindOf(rune.Value);
    }

    // 's 't 're 've 'm 'll 'd; IGNORECASE lets the long s (U+017F, C5 BF) pass for an s.
    private static int ContractionLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2)
        {
            return 0;
        }

        byte third = text.Length > 2 ? text[2] : (byte)0;
        return text[1] switch
        {
            (byte)'s' or (byte)'t' or (byte)'m' or (byte)'d' => 2,
            (byte)'r' or (byte)'v' when third == (byte)'e' => 3,
            (byte)'l' when third == (byte)'l' => 3,
            0xC5 when third == 0xBF => 3,
            _ => 0,
        };
    }

    private static CharacterKind[] MakeAsciiKinds()
    {
        CharacterKind[] kinds = new CharacterKind[128];
        for (int c = 0; c < 128; c++)
        {
            kinds[c] = c switch
            {
                >= 'a' and <= 'z' or >= 'A' and <= 'Z' => CharacterKind.Letter,
                >= '0' and <= '9' => CharacterKind.Number,
                >= '\t' and <= '\r' or ' ' => CharacterKind.Space,
                _ => CharacterKind.Other,
            };
        }

        return kinds;
    }
}
