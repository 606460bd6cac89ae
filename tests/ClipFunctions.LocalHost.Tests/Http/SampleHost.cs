using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests.Http;

/// <summary>A host with the containers of the settings' defaults, in which the samples stand, uploaded and tagged.</summary>
public sealed class SampleHost(AzuriteServer azurite) : IAsyncLifetime
{
    private LocalHostProcess? _process;

    /// <summary>Sends requests to it.</summary>
    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Address => Http.BaseAddress!.ToString().TrimEnd('/');

    /// <summary>What it has printed.</summary>
    public string Output => _process?.Output ?? "";

    /// <summary>Starts it.</summary>
    public async ValueTask InitializeAsync()
    {
        HostContainers containers = new(azurite, "uploads", "results", "embeddings");
        string[] samples = Directory.GetFiles(RepositoryPaths.Samples);
        foreach (string sample in samples)
        {
            await containers.UploadAsync(Path.GetFileName(sample), await File.ReadAllBytesAsync(sample));
        }

        _process = await LocalHostProcess.StartAsync(containers.Arguments);
        Http.BaseAddress = _process.Address;
        await containers.UntilTaggedAsync(samples.Length, _process);
        await EvaluateAsync(containers);
    }

    /// <summary>Runs the evaluation that the document's examples are about.</summary>
    private async Task EvaluateAsync(HostContainers containers)
    {
        foreach ((string name, byte[] content) in TestDatasets.Folder(TestDatasets.SampledClasses, trainPerClass: 8, testPerClass: 4))
        {
            await containers.Datasets.GetBlobClient($"drawn/{name}").UploadAsync(new BinaryData(content), TestContext.Current.CancellationToken);
        }

        using HttpResponseMessage started = await Http.PostAsJsonAsync("api/evaluations", new { runId = "example", dataset = "drawn", C = 0.316 }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        await HostContainers.UntilAsync(
            async () => (await Http.GetFromJsonAsync<JsonElement>("api/evaluations/example", TestContext.Current.CancellationToken)).GetProperty("state").GetString() is "done" or "failed",
            _process!);
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}

/// <summary>The tests that share a <see cref="SampleHost"/>.</summary>
[CollectionDefinition(Name)]
public sealed class SampleHostTests : ICollectionFixture<SampleHost>
{
    /// <summary>Its name.</summary>
    public const string Name = "sample host";
}
