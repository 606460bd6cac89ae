using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ClipFunctions.Testing;

namespace ClipFunctions.Infra.Tests;

/// <summary>Every template and every example of <c>infra</c>, compiled once by the real compiler into a temporary folder.</summary>
public sealed class CompiledTemplates : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Dictionary<string, JsonObject> _templates = [];
    private DirectoryInfo? _folder;

    /// <summary>The folder of the sources.</summary>
    public static string Sources { get; } = Path.Combine(RepositoryPaths.Root, "infra");

    /// <summary>What the compiler and its linter said; empty if they are content.</summary>
    public string Diagnostics { get; private set; } = "";

    /// <summary>Paths of all templates, without suffix: <c>main</c>, <c>modules/storage</c> …</summary>
    public IReadOnlyCollection<string> Names => _templates.Keys;

    /// <summary>A compiled template; skips the test where there is no compiler.</summary>
    public JsonObject this[string name]
    {
        get
        {
            Assert.SkipUnless(Compiler is not null, "The Bicep compiler comes from NuGet for Linux on x64 alone.");
            return _templates.TryGetValue(name, out JsonObject? template) ? template : throw new KeyNotFoundException($"{name}.bicep did not compile: {Diagnostics}");
        }
    }

    private static string? Compiler { get; } = Metadata("BicepCompiler");

    public async ValueTask InitializeAsync()
    {
        if (Compiler is null)
        {
            return;
        }

        // What is run must be what was looked at once: the package that it was unpacked from.
        string package = Assert.Single(Directory.GetFiles(Path.Combine(Path.GetDirectoryName(Compiler)!, ".."), "*.nupkg"));
        await using (FileStream file = File.OpenRead(package))
        {
            Assert.Equal(Metadata("BicepSha512"), Convert.ToHexStringLower(await SHA512.HashDataAsync(file)));
        }

        _folder = Directory.CreateTempSubdirectory("bicep-");
        Diagnostics = string.Concat(await Task.WhenAll(
            RunAsync("build", "--pattern", "**/*.bicep", "--outdir", _folder.FullName),
            RunAsync("build-params", "--pattern", "**/*.bicepparam", "--outdir", _folder.FullName)));
        foreach (string source in Directory.EnumerateFiles(Sources, "*.bicep", SearchOption.AllDirectories))
        {
            string name = Path.ChangeExtension(Path.GetRelativePath(Sources, source), null).Replace('\\', '/');
            string compiled = Path.Combine(_folder.FullName, name + ".json");
            if (File.Exists(compiled))
            {
                _templates[name] = JsonNode.Parse(await File.ReadAllTextAsync(compiled))!.AsObject();
            }
        }
    }

    /// <summary>The compiled parameters of an example.</summary>
    public async Task<JsonObject> ExampleAsync(string name)
    {
        _ = this["main"];
        return JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_folder!.FullName, "examples", name + ".json")))!["parameters"]!.AsObject();
    }

    public ValueTask DisposeAsync()
    {
        _folder?.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        ProcessStartInfo start = new(Compiler!) { WorkingDirectory = Sources, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using CancellationTokenSource limit = new(Patience);
        using Process process = Process.Start(start)!;
        string[] said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0 ? string.Concat(said) : $"bicep {string.Join(' ', arguments)} ended with {process.ExitCode}: {string.Concat(said)}";
    }

    private static string? Metadata(string key) => typeof(CompiledTemplates).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(attribute => attribute.Key == key)?.Value;
}
