using System.Text.RegularExpressions;
using ClipFunctions.Testing;

namespace ClipFunctions.Docs.Tests;

/// <summary>The claims of docs/security.md and the tests that it names for them.</summary>
public sealed partial class SecurityDocumentTests
{
    private static string Document { get; } = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "security.md"));

    [Fact]
    public void EveryTestThatItNamesIsThereAndIsATest()
    {
        ILookup<string, string> sources = Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(file => Path.GetFileNameWithoutExtension(file), File.ReadAllText, StringComparer.Ordinal);
        string[] named = [.. TestName().Matches(Document).Select(match => match.Value).Distinct()];
        Assert.True(named.Length > 60, $"{named.Length} tests are named.");
        Assert.All(named, name =>
        {
            string[] parts = name.Split('.');
            Assert.True(sources[parts[0]].Any(source => IsTest(source, parts[1])), $"There is no test {name}.");
        });
    }

    [Fact]
    public void EveryClaimNamesATest()
    {
        string[] claims = [.. Document[Document.IndexOf("## Roles", StringComparison.Ordinal)..].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| claim ", StringComparison.Ordinal) && !line.StartsWith("| --- ", StringComparison.Ordinal))];
        Assert.True(claims.Length > 30, $"{claims.Length} claims");
        Assert.All(claims, claim => Assert.Matches(TestName(), claim.Split('|')[2]));
    }

    private static bool IsTest(string source, string method)
    {
        Match found = Regex.Match(source, @"\bpublic (static )?(async )?(void|Task) " + method + @"\(");
        return found.Success && source[source.LastIndexOf("\n\n", found.Index, StringComparison.Ordinal)..found.Index] is string attributes
            && (attributes.Contains("[Fact", StringComparison.Ordinal) || attributes.Contains("[Theory", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"(?<=`)[A-Z]\w*Tests\.\w+(?=`)")]
    private static partial Regex TestName();
}
