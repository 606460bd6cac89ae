using System.Text.RegularExpressions;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests.Http;

/// <summary>A block of code in <c>docs/http.md</c>.</summary>
/// <param name="Language">As the block says.</param>
/// <param name="Section">The heading above it.</param>
/// <param name="Line">Where its code begins, from 1.</param>
/// <param name="Code">Its lines.</param>
internal sealed partial record Snippet(string Language, string Section, int Line, string Code)
{
    public static string FilePath { get; } = Path.Combine(RepositoryPaths.Root, "docs", "http.md");

    public static IReadOnlyList<Snippet> All { get; } = Read();

    /// <summary>The first block of a language, which the others of that language begin with.</summary>
    public static Snippet Preamble(string language) => All.First(snippet => snippet.Language == language);

    public bool IsPreamble => ReferenceEquals(this, Preamble(Language));

    private static List<Snippet> Read()
    {
        List<Snippet> snippets = [];
        string section = "";
        string? language = null;
        List<string> code = [];
        string[] lines = File.ReadAllLines(FilePath);
        for (int i = 0; i < lines.Length; i++)
        {
            if (language is not null)
            {
                if (lines[i] == "```")
                {
                    snippets.Add(new Snippet(language, section, i + 1 - code.Count, string.Join('\n', code)));
                    language = null;
                    code.Clear();
                }
                else
                {
                    code.Add(lines[i]);
                }
            }
            else if (Fence().Match(lines[i]) is { Success: true } fence)
            {
                language = fence.Groups[1].Value;
            }
            else if (lines[i].StartsWith('#'))
            {
                section = lines[i].TrimStart('#', ' ');
            }
        }

        Assert.Null(language);
        return snippets;
    }

    [GeneratedRegex("^```(.*)$")]
    private static partial Regex Fence();
}
