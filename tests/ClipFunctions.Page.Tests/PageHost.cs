using ClipFunctions.LocalHost.Tests;
using ClipFunctions.Testing;

namespace ClipFunctions.Page.Tests;

/// <summary>The local host that most tests look at, with <c>samples/</c> uploaded and tagged.</summary>
public sealed class PageHost(AzuriteServer azurite) : IAsyncLifetime
{
    private readonly HostContainers _containers = new(azurite);
    private LocalHostProcess? _host;

    /// <summary>Where the page is.</summary>
    public Uri Address => _host?.Address ?? new Uri("http://127.0.0.1");

    /// <summary>Uploads and starts, where there is a browser to look at it.</summary>
    public async ValueTask InitializeAsync()
    {
        if (!PageBrowser.IsInstalled)
        {
            return;
        }

        string[] samples = Directory.GetFiles(RepositoryPaths.Samples);
        foreach (string sample in samples)
        {
            await UploadAsync(Path.GetFileName(sample), await File.ReadAllBytesAsync(sample, TestContext.Current.CancellationToken));
        }

        _host = await LocalHostProcess.StartAsync(_containers.Arguments);
        await _containers.UntilTaggedAsync(samples.Length, _host);
    }

    /// <summary>The runs that the host knows.</summary>
    public StoredRuns Runs => new(_containers.Evaluations);

    /// <summary>Uploads a file.</summary>
    public Task UploadAsync(string name, byte[] content) => _containers.UploadAsync(name, content);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }
}
