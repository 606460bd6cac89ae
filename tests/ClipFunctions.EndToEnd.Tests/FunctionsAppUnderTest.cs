using ClipFunctions.FunctionsTestHost;

namespace ClipFunctions.EndToEnd.Tests;

/// <summary>The Functions app's worker process under the tests' own Functions host, its uploads found by a scan.</summary>
public sealed class FunctionsAppUnderTest : HostUnderTest
{
    private FunctionsHost? _host;

    /// <inheritdoc/>
    public override string Output => _host?.Output ?? "";

    /// <inheritdoc/>
    protected override async Task<Uri> StartAsync(string connection)
    {
        _host = await FunctionsHost.StartAsync(connection);
        return _host.Address;
    }

    /// <inheritdoc/>
    protected override async Task StopAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }
}
