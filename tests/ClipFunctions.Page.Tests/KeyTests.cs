using ClipFunctions.LocalHost.Tests;
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
