using System.Collections.Concurrent;
using ClipFunctions.LocalHost.Tests;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ClipFunctions.Page.Tests;

public sealed class KeyTests(AzuriteServer azurite, PageBrowser browser)
{
    [Fact]
    public async Task AsksForTheKeyKeepsItForTheSessionAndSendsItWithThumbnailsToo()
    {
        Assert.SkipUnless(PageBrowser.IsInstalled, "No Chromium.");
        HostContainers containers = new(azurite);
        await containers.UploadAsync("cat.jpg", await File.ReadAllBytesAsync(Path.Combine(RepositoryPaths.Samples, "cat.jpg"), TestContext.Current.CancellationToken));
        await using LocalHostProcess host = await LocalHostProcess.StartAsync([.. containers.Arguments, "--Clip:Http:Key=open sesame"]);
        await containers.UntilTaggedAsync(1, host);

        await TestedPage.VisitAsync(
            browser,
            host.Address,
            async page =>
            {
                ILocator dialog = page.Page.GetByRole(AriaRole.Dialog);
                await Expect(dialog).ToBeVisibleAsync();
                await page.ById("key-input").FillAsync("wrong");
                await page.Page.Keyboard.PressAsync("Enter");
                await Expect(dialog).ToContainTextAsync("The server does not accept that key.");

                await page.ById("key-input").FillAsync("open sesame");
                await page.Page.Keyboard.PressAsync("Enter");
                await Expect(dialog).ToBeHiddenAsync();
                await Expect(page.ById("model-select")).ToHaveValueAsync("demo");
                await page.OpenTabAsync("Uploads");
                await Expect(page.Page.Locator("#uploads-list img")).ToHaveJSPropertyAsync("naturalWidth", 256);

                await page.Page.ReloadAsync();
                await Expect(page.ById("model-select")).ToHaveValueAsync("demo");
                await Expect(dialog).ToBeHiddenAsync();
            },
            refusals: 401);
    }

    [Fact]
    public async Task ShowsAndSavesAReportWithTheKeyButNeverInAnAddress()
    {
        Assert.SkipUnless(PageBrowser.IsInstalled, "No Chromium.");
        HostContainers containers = new(azurite);
        EvaluationStatus run = await new StoredRuns(containers.Evaluations).PutAsync(StoredRuns.Run("pets", EvaluationState.Done));
        await using LocalHostProcess host = await LocalHostProcess.StartAsync([.. containers.Arguments, "--Clip:Http:Key=sesame"]);

        await TestedPage.VisitAsync(
            browser,
            host.Address,
            async page =>
            {
                ConcurrentQueue<string> addresses = new();
                page.Page.Request += (_, request) => addresses.Enqueue(request.Url);
                await page.ById("key-input").FillAsync("sesame");
                await page.Page.Keyboard.PressAsync("Enter");

                ILocator heading = page.Page.FrameLocator("iframe").GetByRole(AriaRole.Heading);
                await Expect(heading).ToHaveTextAsync("pets with demo");
                await Expect(heading).ToHaveCSSAsync("color", "rgb(1, 2, 3)");
                IDownload download = await page.Page.RunAndWaitForDownloadAsync(() => page.Page.GetByRole(AriaRole.Button, new() { Name = "report.json" }).ClickAsync());
                Assert.Equal("""{"schema":1}""", await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken));
                Assert.NotEmpty(addresses);
                Assert.DoesNotContain(addresses, address => address.Contains("sesame", StringComparison.Ordinal));
            },
            $"#evaluations?run={run.RunId}",
            refusals: 401);
    }

    [Fact]
    public async Task CanBeToldTheKeyLater()
    {
        Assert.SkipUnless(PageBrowser.IsInstalled, "No Chromium.");
        await using LocalHostProcess host = await LocalHostProcess.StartAsync([.. new HostContainers(azurite).Arguments, "--Clip:Http:Key=open sesame"]);

        await TestedPage.VisitAsync(
            browser,
            host.Address,
            async page =>
            {
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Enter the key" }).ClickAsync();
                await page.ById("key-input").FillAsync("open sesame");
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();

                await Expect(page.ById("model-select")).ToHaveValueAsync("demo");
                await Expect(page.ById("label-set")).ToHaveValueAsync("demo");
            },
            refusals: 401);
    }
}
