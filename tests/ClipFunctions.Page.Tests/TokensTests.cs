using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ClipFunctions.Page.Tests;

[Collection(PageCollection.Name)]
public sealed class TokensTests(PageBrowser browser, PageHost host)
{
    [Fact]
    public Task ShowsTokensWithTheirIdsAndCountsThem() => VisitAsync(async page =>
    {
        await page.Page.GetByLabel("Text", new() { Exact = true }).FillAsync("a cat");

        ILocator output = page.ById("tokens-output");
        await Expect(output.Locator(".chip-text")).ToHaveTextAsync(["start", "a", "cat", "end"]);
        await Expect(output.Locator(".chip-id").Nth(1)).ToHaveTextAsync("320");
        await Expect(page.ById("tokens-count")).ToContainTextAsync("4 of 16 tokens");
    });

    [Fact]
    public Task WarnsWhenATextIsTooLongAndShowsWhatIsLeft() => VisitAsync(
        async page =>
        {
            await page.Page.GetByLabel("Text", new() { Exact = true }).FillAsync(string.Join(' ', Enumerable.Repeat("cat", 100)));

            await Expect(page.ById("tokens-warning")).ToContainTextAsync("it needs 102 tokens and 16 fit");
            await Expect(page.ById("tokens-output").Locator(".chip")).ToHaveCountAsync(16);

            await page.Page.GetByLabel("Text", new() { Exact = true }).FillAsync("a cat");
            await Expect(page.ById("tokens-warning")).ToBeHiddenAsync();
        },
        400);

    private Task VisitAsync(Func<TestedPage, Task> test, params int[] refusals) =>
        TestedPage.VisitAsync(browser, host.Address, test, "#tokens", refusals: refusals);
}
