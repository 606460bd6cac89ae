using ClipFunctions.Testing;

namespace ClipFunctions.EndToEnd.Tests;

/// <summary>The local host with the containers and queues of the settings' defaults; or the host that is given.</summary>
public sealed class LocalHostUnderTest : HostUnderTest
{
    private LocalHostProcess? _process;

    /// <inheritdoc/>
    public override string Output => _process?.Output ?? "";

    /// <inheritdoc/>
    protected override async Task<Uri> StartAsync(string connection)
    {
        _process = await LocalHostProcess.StartAsync($"--ClipStorage={connection}", $"--AzureWebJobsStorage={connection}");
        return _process.Address;
    }

    /// <inheritdoc/>
    protected override async Task StopAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
