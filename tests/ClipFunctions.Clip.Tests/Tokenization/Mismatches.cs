using System.Globalization;
using System.Text;

namespace ClipFunctions.Clip.Tests.Tokenization;

/// <summary>Gathers what differs over many golden cases, so that one failure tells of all.</summary>
internal sealed class Mismatches
{
    private const int Shown = 20;
    private readonly List<string> _messages = [];

    public int Cases { get; private set; }

    public void Check<T>(string what, T expected, T actual, Func<T, string> show)
    {
        string wanted = show(expected);
        string found = show(actual);
        if (wanted != found)
        {
            _messages.Add($"{what}\n    expected {wanted}\n    actual   {found}");
        }
    }

    public void CheckText(string what, string expected, string actual) => Check(what, expected, actual, Escape);

    public void CheckIds(string what, IEnumerable<int> expected, IEnumerable<int> actual) => Check(what, expected, actual, ids => string.Join(',', ids));

    public void NextCase() => Cases++;

    public void AssertNone(string file)
    {
        Assert.True(Cases > 0, $"{file} holds no cases.");
        Assert.True(_messages.Count == 0, $"{file}: {_messages.Count} differences in {Cases} cases.\n{string.Join('\n', _messages.Take(Shown))}");
        TestContext.Current.SendDiagnosticMessage("{0}: {1} cases equal", file, Cases);
    }

    public static string Escape(string text)
    {
        StringBuilder escaped = new();
        foreach (char c in text)
        {
            escaped.Append(c is >= ' ' and <= '~' ? c.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"));
        }

        return escaped.ToString();
    }
}
