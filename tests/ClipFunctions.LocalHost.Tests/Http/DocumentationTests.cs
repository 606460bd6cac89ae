using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;

namespace ClipFunctions.LocalHost.Tests.Http;

/// <summary>What <c>docs/http.md</c> shows works.</summary>
[Collection(SampleHostTests.Name)]
public sealed partial class DocumentationTests(SampleHost host)
{
    private const string Python = "/usr/bin/python3";
    private const string ErrorsSection = "Errors";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BuildPatience = TimeSpan.FromSeconds(240);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, int> BashSnippets => Of("bash");

    public static TheoryData<string, int> PythonSnippets => Of("python");

    [Theory]
    [MemberData(nameof(BashSnippets))]
    public async Task BashSnippetsRun(string section, int line)
    {
        // Readers see an error's body; here it is a failure.
        string check = section == ErrorsSection ? "" : "curl() { command curl --fail-with-body --max-time 30 \"$@\"; }\n";

        SnippetRun run = await SnippetRun.StartAsync(host.Address, Patience, "bash", "-euo", "pipefail", "-c", $"{check}{Snippet.Preamble("bash").Code}\n{At(line).Code}");

        Passed(run);
    }

    [Theory]
    [MemberData(nameof(PythonSnippets))]
    public async Task PythonSnippetsRun(string section, int line)
    {
        string code = $"{Snippet.Preamble("python").Code}\n{At(line).Code}";
        IEnumerable<string> modules = Import().Matches(code).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)).Distinct();
        if (!File.Exists(Python) || (await SnippetRun.StartAsync(host.Address, Patience, Python, "-c", $"import {string.Join(", ", modules)}")) is { ExitCode: not 0 })
        {
            Assert.Skip($"{section}: {Python} lacks one of {string.Join(", ", modules)}.");
        }

        Passed(await SnippetRun.StartAsync(host.Address, Patience, Python, "-c", code));
    }

    [Fact]
    public async Task CSharpSnippetsRun()
    {
        Snippet[] snippets = [.. Snippet.All.Where(snippet => snippet is { Language: "csharp", IsPreamble: false })];
        DirectoryInfo folder = Directory.CreateTempSubdirectory("snippets-");
        try
        {
            // Should the temporary folder lie in a repository, its settings stay out.
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "Directory.Build.props"), "<Project />", Token);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "Directory.Packages.props"), "<Project />", Token);
            string file = Path.Combine(folder.FullName, "snippets.cs");
            await File.WriteAllTextAsync(file, Join(snippets), Token);

            SnippetRun run = await SnippetRun.StartAsync(host.Address, BuildPatience, "dotnet", "run", "--artifacts-path", Path.Combine(folder.FullName, "artifacts"), file);

            Passed(run);
            string[] outputs = run.Output.Split(Marker)[1..];
            Assert.Equal(snippets.Length, outputs.Length);
            Assert.All(outputs, output => Assert.NotEmpty(output[(output.IndexOf('\n', StringComparison.Ordinal) + 1)..].Trim()));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void ListsEveryLimitWithItsDefault()
    {
        Dictionary<string, string> listed = SettingRow().Matches(File.ReadAllText(Snippet.FilePath)).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim());
        ClipHttpOptions defaults = new();

        Assert.Equal(
            typeof(ClipHttpOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.Name != nameof(ClipHttpOptions.Key))
                .Select(property => KeyValuePair.Create(property.Name, Convert.ToString(property.GetValue(defaults), CultureInfo.InvariantCulture)!.ToLowerInvariant()))
                .OrderBy(setting => setting.Key),
            listed.OrderBy(setting => setting.Key));
    }

    [Fact]
    public void TellsOfEveryOperation()
    {
        string text = File.ReadAllText(Snippet.FilePath);

        Assert.All(
            ClipOperations.All.Where(operation => operation.Name is not ("Page" or "PageFile" or "ReferenceFile")),
            operation => Assert.Contains(
                operation.Name == "VectorizeText" ? ":vectorizeText" : $"{operation.Method} /{operation.Route.Replace("{*", "{", StringComparison.Ordinal)}",
                text,
                StringComparison.Ordinal));
    }

    [Fact]
    public void ItsSkillsetNamesOurSkills()
    {
        using JsonDocument skillset = JsonDocument.Parse(Snippet.All.Single(snippet => snippet.Language == "json").Code);

        Assert.All(skillset.RootElement.GetProperty("skills").EnumerateArray(), skill =>
            Assert.Contains(ClipOperations.All, operation => operation.IsDropIn && new Uri(skill.GetProperty("uri").GetString()!).AbsolutePath == $"/{operation.Route}"));
    }

    private const string Marker = "=== line ";

    private static TheoryData<string, int> Of(string language) =>
        new(Snippet.All.Where(snippet => snippet.Language == language && !snippet.IsPreamble).Select(snippet => (snippet.Section, snippet.Line)));

    private static Snippet At(int line) => Snippet.All.Single(snippet => snippet.Line == line);

    private static void Passed(SnippetRun run)
    {
        Assert.True(run.ExitCode == 0, $"Ended with {run.ExitCode}:\n{run.Output}\n{run.Error}");
        Assert.NotEmpty(run.Output.Trim());
    }

    // Directives and usings may only stand at the top of a file.
    private static string Join(Snippet[] snippets)
    {
        StringBuilder calls = new();
        StringBuilder functions = new();
        HashSet<string> directives = [];
        HashSet<string> usings = [];
        calls.AppendLine(Body(Snippet.Preamble("csharp")));
        foreach (Snippet snippet in snippets)
        {
            calls.AppendLine(CultureInfo.InvariantCulture, $"Console.WriteLine(\"{Marker}{snippet.Line}\");").AppendLine(CultureInfo.InvariantCulture, $"await Line{snippet.Line}();");
            functions.AppendLine(CultureInfo.InvariantCulture, $"async Task Line{snippet.Line}()\n{{\n{Body(snippet)}\n#line default\n}}");
        }

        return $"{string.Join('\n', directives)}\n{string.Join('\n', usings)}\n{calls}{functions}";

        string Body(Snippet snippet)
        {
            List<string> body = [$"#line {snippet.Line} \"{Snippet.FilePath}\""];
            foreach (string line in snippet.Code.Split('\n'))
            {
                bool isDirective = line.StartsWith("#:", StringComparison.Ordinal);
                bool isUsing = Using().IsMatch(line);
                (isDirective ? directives : usings).UnionWith(isDirective || isUsing ? [line] : []);
                body.Add(isDirective || isUsing ? "" : line);
            }

            return string.Join('\n', body);
        }
    }

    [GeneratedRegex(@"^using [\w.]+;$")]
    private static partial Regex Using();

    [GeneratedRegex(@"^(?:import|from) ([\w, ]+?)(?: import .*)?$", RegexOptions.Multiline)]
    private static partial Regex Import();

    [GeneratedRegex(@"^\| `Clip:Http:(\w+)` \|[^|]*\|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex SettingRow();
}
