using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ClipFunctions.Page.Tests;

[Collection(PageCollection.Name)]
public sealed partial class SearchTests(PageBrowser browser, PageHost host)
{
    [Fact]
    public Task FindsAnUploadedCatFirst() => VisitAsync(
        async page =>
        {
            await page.Page.GetByLabel("What the picture shows").FillAsync("a cat");
            await page.Page.Keyboard.PressAsync("Enter");

            ILocator first = Cards(page).First;
            await Expect(first).ToContainTextAsync("cat.jpg");
            await Expect(first.Locator(".badge")).ToHaveTextAsync(Score());
            await Expect(first.Locator("img")).ToHaveAttributeAsync("src", BlobAddress());
        });

    [Fact]
    public Task FindsPicturesLikeTheOneThatIsClicked() => VisitAsync(
        async page =>
        {
            await Cards(page).First.GetByRole(AriaRole.Button).ClickAsync();

            await Expect(page.ById("search-like")).ToContainTextAsync("More like cat.jpg");
            await Expect(Cards(page).First).Not.ToContainTextAsync("cat.jpg");
            await page.Page.GoBackAsync();
            await Expect(Cards(page).First).ToContainTextAsync("cat.jpg");
        },
        "#search?text=a+cat");

    [Fact]
    public Task ShowsMoreWhereThereIsMore() => VisitAsync(
        async page =>
        {
            // Pages of the server's full size would need many uploads.
            await page.Page.RouteAsync("**/api/search?*top=24*", route => route.ContinueAsync(new() { Url = route.Request.Url.Replace("top=24", "top=5", StringComparison.Ordinal) }));
            await page.Page.GetByLabel("What the picture shows").FillAsync("food");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Search", Exact = true }).ClickAsync();
            await Expect(Cards(page)).ToHaveCountAsync(5);

            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Show more" }).ClickAsync();
            await Expect(Cards(page)).ToHaveCountAsync(10);
            await Expect(Cards(page).Nth(5).GetByRole(AriaRole.Button)).ToBeFocusedAsync();
            string[] names = [.. await page.Page.Locator("#search-results h3").AllTextContentsAsync()];
            Assert.Equal(10, names.Distinct().Count());
        });

    [Fact]
    public Task SaysWhatToDoBeforeTheFirstSearch() => VisitAsync(
        page => Expect(page.ById("search-empty")).ToContainTextAsync("Describe a picture in your own words"));

    [Fact]
    public Task SaysWhatToDoWhereNothingIsUploaded() => VisitAsync(
        async page =>
        {
            await page.Page.RouteAsync("**/api/search?*", route => route.FulfillAsync(new()
            {
                ContentType = "application/json",
                Body = """{"model":"demo","fingerprint":"0","pictures":0,"truncated":false,"results":[],"next":null}""",
            }));
            await page.Page.GetByLabel("What the picture shows").FillAsync("a cat");
            await page.Page.Keyboard.PressAsync("Enter");

            await Expect(page.ById("search-empty")).ToContainTextAsync("There is nothing to search yet");
        });

    private Task VisitAsync(Func<TestedPage, Task> test, string hash = "#search") => TestedPage.VisitAsync(browser, host.Address, test, hash);

    private static ILocator Cards(TestedPage page) => page.Page.Locator("#search-results > li");

    [GeneratedRegex(@"^0\.[0-9]{3}$")]
    private static partial Regex Score();

    [GeneratedRegex("^blob:")]
    private static partial Regex BlobAddress();
}
