using System.Diagnostics;
using System.Text.Json.Nodes;
using ClipFunctions.Testing;

namespace ClipFunctions.Infra.Tests;

/// <summary>The hook's own logic: Azure's and azd's commands are stood in for by scripts that write down what they are asked.</summary>
public sealed class HookTests : IDisposable
{
    private const string Key = "key-of-the-webhook==";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hooks-");

    private string Calls => Path.Combine(_folder.FullName, "calls");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("gpu", "--build-arg CUDA=13.0.2", "-13")]
    [InlineData("premium", "--build-arg CUDA_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0", "-none")]
    public async Task BuildsThenDeploysThenSubscribes(string hosting, string argument, string suffix)
    {
        (int code, string output) = await RunAsync(hosting, "evgt-x");
        Assert.True(code == 0, output);
        string[] calls = await File.ReadAllLinesAsync(Calls, TestContext.Current.CancellationToken);
        int build = Array.FindIndex(calls, call => call.StartsWith("az acr build ", StringComparison.Ordinal));
        int app = Array.FindIndex(calls, call => call.StartsWith("az deployment group create ", StringComparison.Ordinal) && call.Contains("infra/app.bicep", StringComparison.Ordinal));
        int live = Array.FindIndex(calls, call => call.StartsWith("curl ", StringComparison.Ordinal));
        int subscription = Array.FindIndex(calls, call => call.Contains("infra/event-subscription.bicep", StringComparison.Ordinal));
        Assert.True(0 <= build && build < app && app < live && live < subscription, string.Join('\n', calls));
        Assert.Contains(argument, calls[build], StringComparison.Ordinal);
        Assert.Contains($"image=registry.example/clip:test{suffix}", calls[app], StringComparison.Ordinal);
        Assert.Contains($"azd env set CLIP_IMAGE registry.example/clip:test{suffix}", calls);

        // The key must not be seen on a command line; it goes through a file.
        Assert.All(calls, call => Assert.DoesNotContain(Key, call, StringComparison.Ordinal));
        Assert.DoesNotContain(Key, output, StringComparison.Ordinal);
        JsonNode given = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "event-subscription.json"), TestContext.Current.CancellationToken))!["parameters"]!;
        Assert.Equal($"https://app.example/runtime/webhooks/blobs?functionName=Host.Functions.TagUploadOnEvent&code={Key}", (string?)given["webhookUrl"]!["value"]);
        Assert.Equal("evgt-x", (string?)given["topicName"]!["value"]);
        JsonNode deployed = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "app.json"), TestContext.Current.CancellationToken))!["parameters"]!;
        Assert.Equal("a \"quoted\" label", (string?)deployed["labels"]!["value"]![0]);
    }

    [Fact]
    public async Task WithoutATopicNothingIsSubscribed()
    {
        (int code, string output) = await RunAsync("gpu", "");
        Assert.True(code == 0, output);
        Assert.DoesNotContain("event-subscription", await File.ReadAllTextAsync(Calls, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingSettingEndsTheHookBeforeItDoesAnything()
    {
        (int code, string output) = await RunAsync("gpu", "evgt-x", "CLIP_APP_PARAMETERS");
        Assert.NotEqual(0, code);
        Assert.Contains("CLIP_APP_PARAMETERS", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Calls));
    }

    private async Task<(int Code, string Output)> RunAsync(string hosting, string topic, string? without = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "The hooks are shell scripts.");
        string[] stands =
        [
            "az", $$"""
            case "$*" in
              *"acr repository show"*) exit 1 ;;
              *properties.outputs.appName.value*) echo app ;;
              *properties.outputs.appUrl.value*) echo https://app.example ;;
              *"keys list"*) echo '{{Key}}' ;;
              *"deployment group create"*)
                name=$(printf '%s' "$*" | sed 's/.*--name \([^ ]*\) .*/\1/')
                file=$(printf '%s' "$*" | sed 's/.*--parameters @\([^ ]*\) .*/\1/')
                cp "$file" "{{_folder.FullName}}/$name.json" ;;
            esac
            """,
            "azd", "",
            "curl", "",
        ];
        for (int i = 0; i < stands.Length; i += 2)
        {
            string script = Path.Combine(_folder.FullName, stands[i]);
            await File.WriteAllTextAsync(script, $"#!/bin/sh\necho \"{stands[i]} $*\" >>'{Calls}'\n{stands[i + 1]}\n", TestContext.Current.CancellationToken);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        ProcessStartInfo start = new("/bin/sh") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(RepositoryPaths.Root, "infra", "hooks", "postprovision.sh"));
        start.Environment["PATH"] = $"{_folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["AZURE_RESOURCE_GROUP"] = "rg-test";
        start.Environment["AZURE_CONTAINER_REGISTRY_NAME"] = "registry";
        start.Environment["AZURE_CONTAINER_REGISTRY_ENDPOINT"] = "registry.example";
        start.Environment["CLIP_STORAGE_ACCOUNT"] = "stx";
        start.Environment["CLIP_HOSTING"] = hosting;
        start.Environment["CLIP_EVENT_TOPIC"] = topic;
        start.Environment["CLIP_IMAGE_TAG"] = "test";
        start.Environment["CLIP_APP_PARAMETERS"] = """{"hosting":{"value":"gpu"},"labels":{"value":["a \"quoted\" label"]}}""";
        if (without is not null)
        {
            start.Environment.Remove(without);
        }

        using Process process = Process.Start(start)!;
        string[] said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, string.Concat(said));
    }
}
