using System.Text.RegularExpressions;
using ClipFunctions.Testing;

namespace ClipFunctions.Infra.Tests.Supply;

/// <summary>What container images are made of, and who runs in them.</summary>
public sealed partial class ImageTests
{
    private static readonly string Folder = Path.Combine(RepositoryPaths.Root, "infra", "images");

    public static TheoryData<string> Images => [.. Directory.GetFiles(Folder, "*.Dockerfile").Select(Path.GetFileName).OfType<string>()];

    [Theory]
    [MemberData(nameof(Images))]
    public void EveryImageThatRunsDoesSoAsTheUserAppWhichIsNotRoot(string image)
    {
        // A stage that is built upon, or copied from, does not run; the others are what can be built.
        string[] stages = [.. Stage().Split(File.ReadAllText(Path.Combine(Folder, image))).Skip(1)];
        string[] last = [.. stages.Where(stage => StageName().Match(stage).Groups[1].Value is "final" or "cli")];
        Assert.NotEmpty(last);
        Assert.All(last, stage =>
        {
            string[] users = [.. User().Matches(stage).Select(match => match.Groups[1].Value)];
            Assert.NotEmpty(users);
            Assert.Equal("1654", users[^1]);
            Assert.DoesNotContain("RUN", stage[stage.LastIndexOf("USER", StringComparison.Ordinal)..], StringComparison.Ordinal);
        });
        Assert.All(stages.Except(last), stage => Assert.Contains(StageName().Match(stage).Groups[1].Value, (string[])["cuda", "build"]));
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void EveryDownloadIsHeldAgainstAHash(string image)
    {
        string text = File.ReadAllText(Path.Combine(Folder, image));
        foreach (Match download in Download().Matches(text))
        {
            string step = text[download.Index..];
            step = step[..(step.IndexOf("\n\n", StringComparison.Ordinal) is > 0 and int end ? end : step.Length)];
            Assert.Contains("sha512sum --check", step.Replace("sha256sum", "sha512sum", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        Assert.NotEmpty(Download().Matches(text));
        Assert.DoesNotMatch(@"(?m)^ADD |\bwget\b|\bapt-get\b|\bnpm\b|\bpip\b", text);
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void EveryImageHoldsTheListOfItsContents(string image)
    {
        string text = File.ReadAllText(Path.Combine(Folder, image));
        Assert.Matches(@"sbom-tool generate -b /app -bc /src/src ", text);
        Assert.Matches(@"COPY --from=build /app ", text[text.IndexOf("sbom-tool generate", StringComparison.Ordinal)..]);
    }

    [Theory]
    [InlineData("clip-localhost.yaml")]
    [InlineData("clip-retag-job.yaml")]
    public void KubernetesIsToldThatNobodyIsRootAndNobodyBecomesIt(string manifest)
    {
        string text = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "infra", "kubernetes", manifest));
        Assert.Contains("runAsNonRoot: true", text, StringComparison.Ordinal);
        Assert.Contains("allowPrivilegeEscalation: false", text, StringComparison.Ordinal);
        Assert.Matches(@"capabilities:\s*(\{ ?)?drop: ?\[ ?""?ALL""? ?\]|capabilities:\s+drop:\s+- ALL", text);
        Assert.DoesNotContain("privileged: true", text, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(?m)^(?=FROM )")]
    private static partial Regex Stage();

    [GeneratedRegex(@"^FROM \S+ AS (\w+)")]
    private static partial Regex StageName();

    [GeneratedRegex(@"(?m)^USER (\S+)")]
    private static partial Regex User();

    [GeneratedRegex(@"\bcurl |dotnet tool install")]
    private static partial Regex Download();
}
