using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ClipFunctions.Page.Tests;

[Collection(PageCollection.Name)]
public sealed partial class SimilarityTests(PageBrowser browser, PageHost host)
{
    [Fact]
    public Task ShowsEveryPairOfPictureAndTextAsANumberAndAColour() => VisitAsync(async page =>
    {
        await page.Page.GetByLabel("Texts").FillAsync("a picture of a cat\na picture of a pizza");
        await page.ChooseAsync("similarity", TestedPage.Sample("cat.jpg"), TestedPage.Sample("pizza.png"), TestedPage.Sample("bus.jpg"));

        await Expect(page.Page.Locator(".heat-table th[scope=col]")).ToHaveTextAsync(["cat.jpg", "pizza.png", "bus.jpg"]);
        await Expect(page.Page.Locator(".heat-table th[scope=row]")).ToHaveTextAsync(["a picture of a cat", "a picture of a pizza"]);
        ILocator cells = page.Page.Locator(".heat");
        await Expect(cells).ToHaveCountAsync(6);
        await Expect(cells.Nth(0)).ToHaveTextAsync(HighShare());
        await Expect(cells.Nth(4)).ToHaveTextAsync(HighShare());
        Assert.NotEqual(await BackgroundAsync(cells.Nth(0)), await BackgroundAsync(cells.Nth(1)));
    });

    [Fact]
    public Task SwitchesBetweenProbabilitiesAndLogits() => VisitAsync(async page =>
    {
        await page.ChooseAsync("similarity", TestedPage.Sample("cat.jpg"));
        await Expect(page.Page.Locator(".heat").First).ToContainTextAsync("%");

        await page.Page.GetByLabel("Logits").CheckAsync();
        await Expect(page.Page.Locator(".heat").First).ToHaveTextAsync(Logit());
        await Expect(page.ById("similarity-note")).ToContainTextAsync("Cosine similarity times");
    });

    [Fact]
    public Task ComparesTheOtherPicturesWhereOneIsBad() => VisitAsync(
        async page =>
        {
            await page.ChooseAsync("similarity", TestedPage.File("notes.jpg", "no picture"u8.ToArray()), TestedPage.Sample("cat.jpg"));

            await Expect(page.Page.Locator(".thumbnail-item").First).ToContainTextAsync("Unsupported format");
            await Expect(page.Page.Locator(".heat-table th[scope=col]")).ToHaveTextAsync(["cat.jpg"]);
            await Expect(page.ById("similarity-problem")).ToBeEmptyAsync();
        },
        [400]);

    [Fact]
    public Task AsksForATextWhereThereIsNone() => VisitAsync(async page =>
    {
        await page.Page.GetByLabel("Texts").FillAsync("");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();

        await Expect(page.ById("similarity-texts-error")).ToHaveTextAsync("Write at least one text.");
        await Expect(page.Page.GetByLabel("Texts")).ToBeFocusedAsync();
    });

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public Task KeepsItsNumbersReadableOnEveryShade(ColorScheme scheme) => VisitAsync(
        async page =>
        {
            string texts = string.Join('\n', Enumerable.Range(0, 101).Select(i => $"text {i}"));
            string row = string.Join(',', Enumerable.Range(0, 101));
            await page.Page.RouteAsync("**/api/similarity", route => route.FulfillAsync(new()
            {
                ContentType = "application/json",
                Body = $$"""{"model":"demo","fingerprint":"0","scoring":"softmax","logitScale":100,"logits_per_image":[[{{row}}]],"logits_per_text":[],"probs":[[{{row}}]]}""",
            }));
            await page.Page.GetByLabel("Texts").FillAsync(texts);
            await page.ChooseAsync("similarity", TestedPage.Sample("cat.jpg"));
            await page.Page.GetByLabel("Logits").CheckAsync();
            await Expect(page.Page.Locator(".heat")).ToHaveCountAsync(101);

            Assert.Empty(await page.RunAsync<string[]>("accessibility.js"));
        },
        options: new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });

    private Task VisitAsync(Func<TestedPage, Task> test, int[]? refusals = null, BrowserNewContextOptions? options = null) =>
        TestedPage.VisitAsync(browser, host.Address, test, "#similarity", options, refusals ?? []);

    private static Task<string> BackgroundAsync(ILocator cell) => cell.EvaluateAsync<string>("cell => getComputedStyle(cell).backgroundColor");

    [GeneratedRegex("^(> 99.9|[89][0-9].[0-9]|100.0) %$")]
    private static partial Regex HighShare();

    [GeneratedRegex(@"^\u2212?[0-9]+\.[0-9]{2}$")]
    private static partial Regex Logit();
}
