using System.Diagnostics;
using System.Text;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Clip.Tests.Tokenization;

/// <summary>A megabyte of anything takes seconds at most. The bound is wide, for loaded machines; quadratic time would be hours.</summary>
public sealed class HostileTextTests
{
    private const int Length = 1_000_000;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private static readonly Dictionary<string, Func<string>> Texts = new()
    {
        ["one long word"] = () => Repeat("abcdefghijklmnopqrstuvwxyz"),
        ["one letter"] = () => Repeat("a"),
        ["one mark"] = () => Repeat("!"),
        ["nested references"] = () => "&" + Repeat("amp;"),
        ["many references"] = () => Repeat("&amp;lt;&#38;copy"),
        ["one endless number"] = () => "&#" + Repeat("1"),
        ["ampersands"] = () => Repeat("&"),
        ["half references"] = () => Repeat("&abcdefghijklmnopqrstuvwxyzabcdef"),
        ["mojibake that unfolds one character a pass"] = () => "Ã" + Repeat("ƒ"),
        ["mojibake"] = () => Repeat("Ã©â€™ä½\u00A0 "),
        ["mojibake in no encoding"] = () => Repeat("Ã©日â€™Ð°"),
        ["lost bytes"] = () => Repeat("â€\uFFFDÃ? "),
        ["leads of sequences"] = () => Repeat("Ãâð"),
        ["combining marks in falling order"] = () => "a" + Repeat("\u0345\u0301\u0327\u0334"),
        ["jamo"] = () => Repeat("\u1100\u1161\u11A8"),
        ["sigmas"] = () => Repeat("Σ'"),
        ["a sigma before marks"] = () => "aΣ" + Repeat("\u0301") + "Σ",
        ["escapes"] = () => Repeat("\u001B[1;"),
        ["lines"] = () => Repeat("é\n"),
        ["carriage returns"] = () => Repeat("\r"),
        ["lone surrogates"] = () => Repeat("\uD83D"),
        ["emoji"] = () => Repeat("😀"),
        ["quotes"] = () => Repeat("'"),
        ["almost start tokens"] = () => Repeat("<|startoftext|"),
        ["random"] = () => Random(),
    };

    public static TheoryData<string> Names => [.. Texts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void AMegabyteIsDoneInSeconds(string name)
    {
        string text = Texts[name]();
        Stopwatch watch = Stopwatch.StartNew();

        TokenBatch batch = TestVocabulary.Small.Tokenize(text, truncate: true);
        TestVocabulary.Small.Encode(text);

        Assert.Equal(TestVocabulary.Small.StartTokenId, batch[0][0]);
        Assert.True(watch.Elapsed < Bound, $"It took {watch.Elapsed}.");
        TestContext.Current.SendDiagnosticMessage("{0}: {1:F2} s", name, watch.Elapsed.TotalSeconds);
    }

    private static string Repeat(string part)
    {
        StringBuilder text = new(Length + part.Length);
        while (text.Length < Length)
        {
            text.Append(part);
        }

        return text.ToString();
    }

    private static string Random()
    {
        Random random = new(1);
        char[] text = new char[Length];
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (char)random.Next(random.Next(4) switch { 0 => 0x80, 1 => 0x100, 2 => 0x2600, _ => 0x10000 });
        }

        return new string(text);
    }
}
