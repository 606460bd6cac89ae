using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ClipFunctions.Page.Tests;

[Collection(PageCollection.Name)]
public sealed partial class ClassifyTests(PageBrowser browser, PageHost host)
{
    [Fact]
    public Task ClassifiesADroppedPictureWithOwnLabels() => VisitAsync(async page =>
    {
        await page.Page.GetByLabel("Your own").CheckAsync();
        await page.Page.GetByLabel("Your labels").FillAsync("dog, pizza\ncat");
        await page.DropAsync(page.ById("classify-drop"), TestedPage.Sample("cat.jpg"));

        ILocator bars = Card(page, "cat.jpg").Locator(".bar");
        await Expect(bars).ToHaveCountAsync(3);
        await Expect(bars.First).ToContainTextAsync(Sure("cat"));
        await Expect(page.ById("announcer")).ToContainTextAsync("cat.jpg: cat");
    });

    [Fact]
    public Task ClassifiesAPastedPictureWithTheDefaultLabelSet() => VisitAsync(async page =>
    {
        await page.PasteAsync(TestedPage.Sample("pizza.png"));

        ILocator bars = Card(page, "pizza.png").Locator(".bar");
        await Expect(bars).ToHaveCountAsync(5);
        await Expect(bars.First).ToContainTextAsync("pizza");
    });

    [Fact]
    public Task TakesAPictureThatIsDroppedWhileAnotherTabIsOpen() => VisitAsync(
        async page =>
        {
            await page.DropAsync(page.Page.Locator("body"), TestedPage.Sample("bus.jpg"));

            await Expect(page.ById("tab-classify")).ToHaveAttributeAsync("aria-selected", "true");
            await Expect(Card(page, "bus.jpg").Locator(".bar").First).ToContainTextAsync("bus");
        },
        "#tokens");

    [Fact]
    public Task ShowsTheReasonOfABadPictureBesideTheResultOfAGoodOne() => VisitAsync(async page =>
    {
        await page.ChooseAsync("classify", TestedPage.File("notes.jpg", "no picture"u8.ToArray()), TestedPage.Sample("cat.jpg"));

        await Expect(Card(page, "notes.jpg")).ToContainTextAsync("Unsupported format");
        await Expect(Card(page, "cat.jpg").Locator(".bar").First).ToContainTextAsync("cat");
        await Expect(page.ById("classify-problem")).ToBeEmptyAsync();
    });

    [Fact]
    public Task ShowsTheReasonWhereNoPictureIsGood() => VisitAsync(
        async page =>
        {
            await page.ChooseAsync("classify", TestedPage.File("notes.jpg", "no picture"u8.ToArray()));

            await Expect(Card(page, "notes.jpg")).ToContainTextAsync("Unsupported format");
            await Expect(page.ById("classify-problem")).ToBeEmptyAsync();
        },
        refusals: 400);

    [Fact]
    public Task ShowsAsManyLabelsAsAreAskedFor() => VisitAsync(async page =>
    {
        await page.ChooseAsync("classify", TestedPage.Sample("rocket.jpg"));
        await page.Page.GetByLabel("Labels shown").FillAsync("2");

        await Expect(Card(page, "rocket.jpg").Locator(".bar")).ToHaveCountAsync(2);

        await page.Page.GetByLabel("Labels shown").FillAsync("0");
        await Expect(page.ById("top-k-error")).ToContainTextAsync("whole number");
    });

    [Fact]
    public Task ListsTheLabelSetsOfTheServer() => VisitAsync(async page =>
    {
        await Expect(page.ById("label-set")).ToHaveValueAsync("demo");
        await Expect(page.ById("label-set-preview")).ToContainTextAsync("cat, dog, horse");
    });

    [Fact]
    public Task ColoursTheTokensOfTheFirstPromptWhileItIsTyped() => VisitAsync(async page =>
    {
        await page.Page.GetByLabel("Your own").CheckAsync();
        await page.Page.GetByLabel("Your labels").PressSequentiallyAsync("cat");

        ILocator chips = page.ById("prompt-tokens").Locator(".chip");
        await Expect(chips).ToHaveTextAsync(["start", "a", "photo", "of", "a", "cat", ".", "end"]);
        string[] colours = await chips.EvaluateAllAsync<string[]>("chips => chips.map(chip => getComputedStyle(chip).backgroundColor)");
        Assert.Equal(6, colours[1..^1].Distinct().Count());
    });

    [Fact]
    public Task TellsThatAPromptIsTooLong() => VisitAsync(
        async page =>
        {
            await page.Page.GetByLabel("Your own").CheckAsync();
            await page.Page.GetByLabel("Your labels").FillAsync(string.Join(' ', Enumerable.Repeat("cat", 20)));

            await Expect(page.ById("prompt-tokens")).ToContainTextAsync("it needs 27 tokens and 16 fit");
        },
        refusals: 400);

    [Fact]
    public Task AsksForExactlyOnePlaceInATemplate() => VisitAsync(async page =>
    {
        await page.Page.GetByLabel("Your own").CheckAsync();
        ILocator template = page.Page.GetByLabel("Template 1", new() { Exact = true });

        await template.FillAsync("a photo");
        await Expect(page.ById("template-1-error")).ToContainTextAsync("Write {} where the label goes.");
        await Expect(template).ToHaveAttributeAsync("aria-invalid", "true");

        await template.FillAsync("{} and {}");
        await Expect(page.ById("template-1-error")).ToContainTextAsync("once only");

        await template.FillAsync("a drawing of {}");
        await Expect(page.ById("template-1-error")).ToBeHiddenAsync();
    });

    [Fact]
    public Task TellsWhatIsMissingWhenAskedTooEarly() => VisitAsync(async page =>
    {
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Classify" }).ClickAsync();
        await Expect(page.ById("classify-problem")).ToContainTextAsync("Choose a picture first");

        await page.Page.GetByLabel("Your own").CheckAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Classify" }).ClickAsync();
        await Expect(page.Page.GetByLabel("Your labels")).ToBeFocusedAsync();
        await Expect(page.ById("labels-error")).ToHaveTextAsync("Type at least one label.");
    });

    [Fact]
    public Task RemovesAPictureAndItsResult() => VisitAsync(async page =>
    {
        await page.ChooseAsync("classify", TestedPage.Sample("cat.jpg"), TestedPage.Sample("dog.jpg"));
        await Expect(page.Page.Locator(".bars")).ToHaveCountAsync(2);

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Remove cat.jpg" }).ClickAsync();
        await Expect(page.Page.Locator(".picture-card h3")).ToHaveTextAsync(["dog.jpg"]);
        await Expect(page.Page.GetByRole(AriaRole.Button, new() { Name = "Remove dog.jpg" })).ToBeFocusedAsync();
    });

    [Fact]
    public Task TellsWhenItTriesAgainAndDoes() => VisitAsync(
        async page =>
        {
            int requests = 0;
            await page.Page.RouteAsync("**/api/classify", route => ++requests == 1
                ? route.FulfillAsync(new() { Status = 429, Headers = [new("retry-after", "1")], ContentType = "application/problem+json", Body = """{"title":"Too many requests","status":429}""" })
                : route.ContinueAsync());
            await page.ChooseAsync("classify", TestedPage.Sample("cat.jpg"));

            await Expect(page.ById("classify-problem")).ToContainTextAsync("Trying again in");
            await Expect(Card(page, "cat.jpg").Locator(".bar").First).ToContainTextAsync("cat");
            await Expect(page.ById("classify-problem")).ToBeEmptyAsync();
            Assert.Equal(2, requests);
        },
        refusals: 429);

    [Fact]
    public Task ShowsAProblemWithItsLimitNearTheButton() => VisitAsync(
        async page =>
        {
            await page.Page.RouteAsync("**/api/classify", route => route.FulfillAsync(new()
            {
                Status = 413,
                ContentType = "application/problem+json",
                Body = """{"title":"The body is too large","status":413,"detail":"Send less.","limit":1000,"actual":2000}""",
            }));
            await page.ChooseAsync("classify", TestedPage.Sample("cat.jpg"));

            ILocator problem = page.ById("classify-form").GetByRole(AriaRole.Alert);
            await Expect(problem).ToContainTextAsync("The body is too large");
            await Expect(problem).ToContainTextAsync("The limit is 1000; this was 2000.");
        },
        refusals: 413);

    [Fact]
    public Task ShowsTextOfTheServerAsTextOnly() => VisitAsync(async page =>
    {
        const string Markup = "<b>cat</b>";
        await page.Page.GetByLabel("Your own").CheckAsync();
        await page.Page.GetByLabel("Your labels").FillAsync(Markup);
        await page.ChooseAsync("classify", TestedPage.Sample("cat.jpg"));

        await Expect(page.Page.Locator(".bar-label")).ToHaveTextAsync(Markup);
    });

    [Fact]
    public Task NamesModelPrecisionDeviceAndFingerprintInTheCorner() => VisitAsync(async page =>
    {
        ILocator corner = page.Page.GetByRole(AriaRole.Region, new() { Name = "Model" });
        await Expect(corner.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync("demo");
        await Expect(corner.Locator("dd")).ToHaveCountAsync(4);
        await Expect(corner.Locator("dd").Last).ToHaveTextAsync(Fingerprint());
        await Expect(corner).ToContainTextAsync("fp32");
        await Expect(corner).ToContainTextAsync("cpu");
    });

    private Task VisitAsync(Func<TestedPage, Task> test, string hash = "", params int[] refusals) =>
        TestedPage.VisitAsync(browser, host.Address, test, hash, refusals: refusals);

    private static ILocator Card(TestedPage page, string name) =>
        page.Page.Locator(".picture-card").Filter(new() { HasText = name });

    private static Regex Sure(string label) => new($"^{label} (> 99.9|9[0-9].[0-9]|100.0) %$");

    [GeneratedRegex("^[0-9a-f]{8}$")]
    private static partial Regex Fingerprint();
}
