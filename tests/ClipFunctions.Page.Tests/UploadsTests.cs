using ClipFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ClipFunctions.Page.Tests;

[Collection(PageCollection.Name)]
public sealed class UploadsTests(PageBrowser browser, PageHost host)
{
    [Fact]
    public Task ShowsAnUploadThatArrivesWithItsTags() => VisitAsync(async page =>
    {
        await Expect(page.ById("live-state")).ToHaveTextAsync("Live");
        await host.UploadAsync("albums/new pizza.png", await File.ReadAllBytesAsync(Path.Combine(RepositoryPaths.Samples, "pizza.png"), TestContext.Current.CancellationToken));

        ILocator card = Card(page, "albums/new pizza.png");
        await Expect(card).ToBeVisibleAsync();
        await Expect(card.Locator(".label-name").First).ToHaveTextAsync("pizza");
        await Expect(card.Locator("img")).ToHaveJSPropertyAsync("complete", true);
        await Expect(page.ById("announcer")).ToContainTextAsync("albums/new pizza.png: pizza");
        await Expect(page.Page.Locator("#uploads-list > li").First).ToContainTextAsync("albums/new pizza.png");
    });

    [Fact]
    public Task ShowsTheReasonOfAFailedUpload() => VisitAsync(async page =>
    {
        await Expect(page.ById("live-state")).ToHaveTextAsync("Live");
        await host.UploadAsync("notes.jpg", "no picture"u8.ToArray());

        await Expect(Card(page, "notes.jpg")).ToBeVisibleAsync();
        await Expect(Card(page, "notes.jpg")).ToContainTextAsync("Unsupported format");
    });

    [Fact]
    public Task ShowsAHostileNameAsTextAndRunsNothing() => VisitAsync(async page =>
    {
        const string Name = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>.jpg";
        await Expect(page.ById("live-state")).ToHaveTextAsync("Live");
        await host.UploadAsync(Name, TestPictures.Jpeg(1));

        await Expect(Card(page, Name)).ToBeVisibleAsync();
        await Expect(Card(page, Name).Locator("script")).ToHaveCountAsync(0);
        await Expect(page.ById("announcer")).ToContainTextAsync(Name);
        Assert.NotEqual("ran", await page.Page.TitleAsync());
    });

    [Fact]
    public Task BacksOffWhileTheServerFailsAndComesBack() => VisitAsync(
        async page =>
        {
            await Expect(page.ById("live-state")).ToHaveTextAsync("Live");
            await page.Page.RouteAsync("**/api/uploads?*", route => route.FulfillAsync(new() { Status = 500, ContentType = "text/plain", Body = "" }));
            await Expect(page.ById("live-state")).ToHaveTextAsync("Next try in 4 s");
            await Expect(page.ById("uploads-problem")).ToContainTextAsync("The server answered 500");

            await page.Page.UnrouteAllAsync();
            await Expect(page.ById("live-state")).ToHaveTextAsync("Live");
            await Expect(page.ById("uploads-problem")).ToBeEmptyAsync();
        },
        500);

    [Fact]
    public Task AsksForNothingWhileItsTabIsHidden() => VisitAsync(async page =>
    {
        await Expect(page.ById("live-state")).ToHaveTextAsync("Live");
        await page.OpenTabAsync("Tokens");
        int requests = 0;
        page.Page.Request += (_, request) => requests += request.Url.Contains("api/uploads?", StringComparison.Ordinal) ? 1 : 0;
        await Task.Delay(3000, TestContext.Current.CancellationToken);
        Assert.Equal(0, requests);

        await page.OpenTabAsync("Uploads");
        await Expect(page.ById("live-state")).ToHaveTextAsync("Live");
    });

    private Task VisitAsync(Func<TestedPage, Task> test, params int[] refusals) =>
        TestedPage.VisitAsync(browser, host.Address, test, "#uploads", refusals: refusals);

    private static ILocator Card(TestedPage page, string name) =>
        page.Page.Locator("#uploads-list > li").Filter(new() { HasText = name });
}
