using System.Globalization;
using System.Text.Json;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;

namespace ClipFunctions.Clip.Tests.Tokenization;

/// <summary>Every case of the golden data in <c>tokenize/</c>, made by running openai/CLIP.</summary>
[Trait("Category", GoldenData.Category)]
public sealed class TokenizerGoldenTests
{
    [Theory]
    [InlineData("tokenize/tokenize.json")]
    [InlineData("tokenize/names.json")]
    public void TextsGiveTheReferenceIds(string file)
    {
        ClipTokenizer tokenizer = TestVocabulary.RequireOfficial();
        Mismatches mismatches = new();
        foreach (JsonElement one in Cases(file))
        {
            mismatches.NextCase();
            string text = one.GetProperty("text").GetString()!;
            string shown = Mismatches.Escape(text);
            if (one.TryGetProperty("ftfy", out JsonElement ftfy))
            {
                using CodePointBuffer buffer = new();
                buffer.AddUtf16(text);
                TextFixer.Fix(buffer);
                mismatches.CheckText($"ftfy of {shown}", ftfy.GetString()!, buffer.ToString());
            }

            if (one.TryGetProperty("clean", out JsonElement clean))
            {
                using CodePointBuffer buffer = new();
                TextCleaner.Clean(text, buffer);
                mismatches.CheckText($"clean of {shown}", clean.GetString()!, buffer.ToString());
            }

            IReadOnlyList<int> encoded = tokenizer.Encode(text);
            if (one.TryGetProperty("decode", out JsonElement decode))
            {
                mismatches.CheckText($"decode of {shown}", decode.GetString()!, tokenizer.Decode([.. encoded]));
            }

            if (one.GetProperty("ids") is { ValueKind: JsonValueKind.Array } ids)
            {
                TokenBatch batch = tokenizer.Tokenize(text);
                mismatches.CheckIds($"ids of {shown}", Ids(ids), Unpadded(batch[0]));
                mismatches.CheckIds($"encode of {shown}", Ids(ids).Skip(1).SkipLast(1), encoded);
            }
            else
            {
                TextTooLongException e = Assert.Throws<TextTooLongException>(() => tokenizer.Tokenize(text));
                if (one.TryGetProperty("n_tokens", out JsonElement count))
                {
                    mismatches.CheckIds($"token count of {shown}", [count.GetInt32()], [e.TokenCount]);
                }

                if (one.TryGetProperty("truncated_ids", out JsonElement truncated))
                {
                    mismatches.CheckIds($"truncated ids of {shown}", Ids(truncated), Unpadded(tokenizer.Tokenize(text, truncate: true)[0]));
                }
            }
        }

        mismatches.AssertNone(file);
    }

    [Fact]
    public void ContextLengthsAndErrorsAreTheReferenceS()
    {
        const string File = "tokenize/context_length.json";
        ClipTokenizer tokenizer = TestVocabulary.RequireOfficial();
        Mismatches mismatches = new();
        foreach (JsonElement one in Cases(File))
        {
            mismatches.NextCase();
            JsonElement text = one.GetProperty("text");
            string[] texts = text.ValueKind == JsonValueKind.Array ? [.. text.EnumerateArray().Select(t => t.GetString()!)] : [text.GetString()!];
            int contextLength = one.GetProperty("context_length").GetInt32();
            bool truncate = one.GetProperty("truncate").GetBoolean();
            string shown = $"{text.GetRawText()} in {contextLength}, truncate {truncate}";
            Exception? thrown = null;
            TokenBatch? batch = null;
            try
            {
                batch = tokenizer.Tokenize(texts, contextLength, truncate);
            }
            catch (ArgumentException e)
            {
                thrown = e;
            }

            string? error = one.GetProperty("error").GetString();
            mismatches.CheckText($"error of {shown}", error ?? "none", thrown is null ? "none" : thrown is TextTooLongException ? "RuntimeError" : "IndexError");
            if (error == "RuntimeError" && thrown is TextTooLongException tooLong)
            {
                Assert.StartsWith(one.GetProperty("message").GetString()!, tooLong.Message, StringComparison.Ordinal);
                Assert.Equal(contextLength, tooLong.ContextLength);
                Assert.True(tooLong.TokenCount > contextLength);
            }

            if (error is null && batch is not null)
            {
                JsonElement rows = one.GetProperty("padded_ids");
                mismatches.CheckIds($"rows of {shown}", [rows.GetArrayLength()], [batch.Count]);
                int row = 0;
                foreach (JsonElement ids in rows.EnumerateArray())
                {
                    int[] wanted = [.. Ids(ids)];
                    mismatches.CheckIds($"row {row} of {shown}", wanted, batch[row].ToArray());
                    mismatches.CheckIds($"end of row {row} of {shown}", [Array.IndexOf(wanted, wanted.Max())], [batch.EndPositions[row]]);
                    row++;
                }
            }
        }

        mismatches.AssertNone(File);
    }

    [Fact]
    public void IdsDecodeToTheReferenceSText()
    {
        const string File = "tokenize/decode.json";
        ClipTokenizer tokenizer = TestVocabulary.RequireOfficial();
        Mismatches mismatches = new();
        foreach (JsonElement one in Cases(File))
        {
            mismatches.NextCase();
            int[] ids = [.. Ids(one.GetProperty("ids"))];
            mismatches.CheckText(one.GetProperty("ids").GetRawText(), one.GetProperty("text").GetString()!, tokenizer.Decode(ids));
        }

        mismatches.AssertNone(File);
    }

    [Fact]
    public void LoneSurrogatesAreReplacedAsInTheReference()
    {
        const string File = "tokenize/surrogates.json";
        ClipTokenizer tokenizer = TestVocabulary.RequireOfficial();
        Mismatches mismatches = new();
        foreach (JsonElement one in Cases(File))
        {
            mismatches.NextCase();
            string text = new([.. one.GetProperty("utf16").EnumerateArray().Select(unit => (char)unit.GetInt32())]);
            if (one.GetProperty("ids") is { ValueKind: JsonValueKind.Array } ids)
            {
                mismatches.CheckIds(Mismatches.Escape(text), Ids(ids), Unpadded(tokenizer.Tokenize(text)[0]));
            }
            else
            {
                Assert.Throws<TextTooLongException>(() => tokenizer.Tokenize(text));
            }
        }

        mismatches.AssertNone(File);
    }

    [Fact]
    public void EveryCodePointIsSeenAsInTheReference()
    {
        const string File = "tokenize/unicode.json";
        using JsonDocument document = JsonDocument.Parse(System.IO.File.ReadAllText(GoldenData.Require(File)));
        Mismatches mismatches = new();
        foreach (JsonElement range in document.RootElement.GetProperty("class").EnumerateArray())
        {
            for (int c = range[0].GetInt32(); c <= range[1].GetInt32(); c++)
            {
                string wanted = range[2].GetString()!;
                if (wanted == "X")
                {
                    continue;
                }

                mismatches.NextCase();
                string kind = CharacterTables.KindOf(c) switch
                {
                    CharacterKind.Letter => "L",
                    CharacterKind.Number => "N",
                    CharacterKind.Space => "S",
                    CharacterKind.Unmatched => "-",
                    _ => "O",
                };
                mismatches.CheckText(string.Create(CultureInfo.InvariantCulture, $"class of U+{c:X4}"), wanted, kind);
            }
        }

        CheckMap("lower", text =>
        {
            using CodePointBuffer lower = new();
            CharacterTables.AppendLower(text.Span, lower);
            return lower.ToString();
        });
        CheckMap("ftfy", text =>
        {
            TextFixer.Fix(text);
            return text.ToString();
        });
        mismatches.AssertNone(File);

        // What is not listed stays as it is.
        void CheckMap(string name, Func<CodePointBuffer, string> map)
        {
            Dictionary<int, string> wanted = document.RootElement.GetProperty(name).EnumerateArray().ToDictionary(e => e[0].GetInt32(), e => e[1].GetString()!);
            for (int c = 0; c <= 0x10FFFF; c++)
            {
                if (c is >= 0xD800 and <= 0xDFFF)
                {
                    continue;
                }

                using CodePointBuffer text = new(4);
                text.Add(c);
                string expected = wanted.GetValueOrDefault(c, char.ConvertFromUtf32(c));
                mismatches.CheckText(string.Create(CultureInfo.InvariantCulture, $"{name} of U+{c:X4}"), expected, map(text));
            }
        }
    }

    private static IEnumerable<JsonElement> Cases(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(GoldenData.Require(file)));
        foreach (JsonElement one in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            yield return one;
        }
    }

    private static IEnumerable<int> Ids(JsonElement ids) => ids.EnumerateArray().Select(id => id.GetInt32());

    private static int[] Unpadded(ReadOnlySpan<int> row) => row.TrimEnd(0).ToArray();
}
