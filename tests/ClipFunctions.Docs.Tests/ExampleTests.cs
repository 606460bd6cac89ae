using System.Globalization;
using System.Text.RegularExpressions;
using ClipFunctions.Testing;

namespace ClipFunctions.Docs.Tests;

/// <summary>The programs of <c>docs/examples.md</c> and the README: compiled, and run with the shipped model.</summary>
public sealed partial class ExampleTests : IDisposable
{
    private const int TrainPerClass = 4;
    private const int TestPerClass = 2;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clip-docs-");

    private static string Examples => Path.Combine(RepositoryPaths.Root, "docs", "examples");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void ThePageShowsTheProgramsAsTheyAre()
    {
        string page = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "examples.md"));
        string[] files = [.. Directory.EnumerateFiles(Examples, "*.cs").Order(StringComparer.Ordinal)];
        Assert.Equal(files.Select(File.ReadAllText).Order(StringComparer.Ordinal), Blocks(page).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Contains($"docs/examples/{Path.GetFileName(file)}", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task UsageTellsTheCatFromTheDog()
    {
        string[] lines = await RunAsync("usage.cs", Path.Combine(RepositoryPaths.Samples, "cat.jpg"), "demo");
        Assert.StartsWith("Models: demo, RN50, ", lines[0], StringComparison.Ordinal);
        Assert.Equal("Features: 1 and 3 of 256 numbers", lines[1]);
        AssertLooksLikeACat(lines[2]);
    }

    [Fact]
    public async Task TheReadmesProgramTellsTheCatFromTheDog()
    {
        string readme = await File.ReadAllTextAsync(Path.Combine(RepositoryPaths.Root, "README.md"), TestContext.Current.CancellationToken);
        string source = Assert.Single(Blocks(readme));
        AssertLooksLikeACat(Assert.Single(await CompiledProgram.Compile("readme", source).RunAsync(RepositoryPaths.Root)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(137)]
    [InlineData(199)]
    public async Task ZeroShotGivesTheFiveBestLabelsOfAPictureOfCifar(int picture)
    {
        string[] lines = await RunAsync("zero-shot.cs", Archive(), "demo", picture.ToString(CultureInfo.InvariantCulture));
        Assert.StartsWith("It is: ", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines[0]["It is: ".Length..], TestDatasets.CifarClasses(100));
        Assert.Equal("Top predictions:", lines[1]);
        (string Label, double Percent)[] best = [.. lines[2..].Select(line => (line.Split(": ")[0], double.Parse(line.Split(": ")[1].TrimEnd('%'), CultureInfo.InvariantCulture)))];
        Assert.Equal(5, best.Length);
        Assert.All(best, one => Assert.Contains(one.Label, TestDatasets.CifarClasses(100)));
        Assert.Equal(best.Select(one => one.Percent).OrderDescending(), best.Select(one => one.Percent));
        Assert.InRange(best.Sum(one => one.Percent), 5, 100.1);
    }

    [Fact]
    public async Task ZeroShotKnowsWhatTheModelHasLearnt()
    {
        // Of CIFAR-100's classes the small model knows the sampled ones; where one is right, its label comes first.
        int right = 0;
        string archive = Archive(TestDatasets.SampledClasses);
        for (int picture = 0; picture < TestDatasets.SampledClasses.Count; picture++)
        {
            string[] lines = await RunAsync("zero-shot.cs", archive, "demo", picture.ToString(CultureInfo.InvariantCulture));
            right += lines[2..].Any(line => line.StartsWith(lines[0]["It is: ".Length..] + ":", StringComparison.Ordinal)) ? 1 : 0;
        }

        Assert.True(right >= 4, $"{right}");
    }

    [Fact]
    public async Task TheLinearProbeLearnsTheClasses()
    {
        string line = Assert.Single(await RunAsync("linear-probe.cs", Archive(), "demo"));
        Match accuracy = Accuracy().Match(line);
        Assert.True(accuracy.Success, line);
        double percent = double.Parse(accuracy.Groups[1].Value, CultureInfo.InvariantCulture);

        // A guess would be right once in a hundred pictures.
        Assert.InRange(percent, 30, 100);
    }

    private static Task<string[]> RunAsync(string file, params string[] args) =>
        CompiledProgram.Compile(file, File.ReadAllText(Path.Combine(Examples, file))).RunAsync(RepositoryPaths.Root, args);

    private static void AssertLooksLikeACat(string line)
    {
        Assert.StartsWith("Label probs: ", line, StringComparison.Ordinal);
        double[] probabilities = [.. line["Label probs: ".Length..].Split(", ").Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        Assert.Equal(3, probabilities.Length);
        Assert.True(probabilities[2] > 0.9, line);
    }

    private static string[] Blocks(string page) => [.. CodeBlock().Matches(page.ReplaceLineEndings("\n")).Select(match => match.Groups[1].Value)];

    private string Archive(IReadOnlyList<string>? classes = null)
    {
        string path = Path.Combine(_folder.FullName, "cifar-100-binary.tar.gz");
        File.WriteAllBytes(path, TestDatasets.CifarArchive(100, classes, TrainPerClass, TestPerClass));
        return path;
    }

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("^Accuracy = ([0-9]+\\.[0-9]{3})$")]
    private static partial Regex Accuracy();
}
