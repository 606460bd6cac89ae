using System.Diagnostics;
using ClipFunctions.Testing;

namespace ClipFunctions.Clip.Tests.Tokenization;

/// <summary>The golden cases hold without ICU too.</summary>
public sealed class InvariantGlobalizationTests
{
    private const string Variable = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT";

    [Fact]
    [Trait("Category", GoldenData.Category)]
    public async Task TheGoldenCasesAreEqualWithoutICU()
    {
        TestVocabulary.RequireOfficial();
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Variable] = "1" },
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(InvariantGlobalizationTests).Assembly.Location);
        }

        foreach (string argument in new[] { "-class", typeof(TokenizerGoldenTests).FullName!, "-noLogo", "-noColor" })
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, output + await errors);
        Assert.Matches(@"Total: [1-9]", output);
        Assert.Contains("Failed: 0", output, StringComparison.Ordinal);
    }
}
