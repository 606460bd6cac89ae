using Microsoft.Playwright;

namespace ClipFunctions.Page.Tests;

/// <summary>One headless Chromium for all tests; without one they are skipped.</summary>
public sealed class PageBrowser : IAsyncLifetime
{
    private static readonly string Executable = Environment.GetEnvironmentVariable("CLIP_CHROMIUM") ?? "/usr/bin/chromium";

    // Other tests may keep this machine busy.
    private const float PatienceMilliseconds = 20_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Whether there is one on this machine.</summary>
    public static bool IsInstalled => File.Exists(Executable);

    /// <summary>Starts it, if it is there.</summary>
    public async ValueTask InitializeAsync()
    {
        if (IsInstalled)
        {
            Assertions.SetDefaultExpectTimeout(PatienceMilliseconds);
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = ["--no-sandbox"] });
        }
    }

    /// <summary>A browser window of its own: no storage, no cache.</summary>
    public Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions? options)
    {
        Assert.SkipWhen(_browser is null, $"No Chromium at {Executable}; CLIP_CHROMIUM tells where one is.");
        return _browser.NewContextAsync(options);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
