using ClipFunctions.Testing;
using Microsoft.Playwright;
using SkiaSharp;
using static Microsoft.Playwright.Assertions;

namespace ClipFunctions.Page.Tests;

/// <summary>The pictures of the page in the documentation; written there with <c>CLIP_WRITE_SCREENSHOTS=1</c>.</summary>
[Collection(PageCollection.Name)]
public sealed class ScreenshotTests(PageBrowser browser, PageHost host)
{
    private const int FewestColours = 500;

    [Fact]
    public Task TheDesktopIsPictured() => TestedPage.VisitAsync(
        browser,
        host.Address,
        async page =>
        {
            await page.Page.GetByLabel("Your own").CheckAsync();
            await page.Page.GetByLabel("Your labels").FillAsync("dog, pig, fox, cat");
            await page.ChooseAsync("classify", TestedPage.Sample("dog.jpg"), TestedPage.Sample("cat.jpg"));
            await Expect(page.Page.Locator(".bars")).ToHaveCountAsync(2);
            await Expect(page.Page.Locator("#prompt-tokens .chip").First).ToBeVisibleAsync();
            await TakeAsync(page, "page-desktop.png", 1280, 800);
        },
        options: Window(1280, 800));

    [Fact]
    public Task ThePhoneIsPictured() => TestedPage.VisitAsync(
        browser,
        host.Address,
        async page =>
        {
            await Expect(page.Page.Locator("#search-results > li")).Not.ToHaveCountAsync(0);
            await Expect(page.Page.Locator("#search-results img:not([src])")).ToHaveCountAsync(0);
            await TakeAsync(page, "page-phone.png", 390, 844);
        },
        "#search?text=a+cat",
        Window(390, 844));

    private static BrowserNewContextOptions Window(int width, int height) => new()
    {
        ViewportSize = new() { Width = width, Height = height },
        ColorScheme = ColorScheme.Light,
        ReducedMotion = ReducedMotion.Reduce,
    };

    private static async Task TakeAsync(TestedPage page, string name, int width, int height)
    {
        await page.Page.EvaluateAsync("document.activeElement.blur(); scrollTo(0, 0)");
        byte[] png = await page.Page.ScreenshotAsync();
        using SKBitmap picture = SKBitmap.Decode(png);
        Assert.Equal((width, height), (picture.Width, picture.Height));
        Assert.InRange(picture.Pixels.Distinct().Count(), FewestColours, int.MaxValue);
        if (Environment.GetEnvironmentVariable("CLIP_WRITE_SCREENSHOTS") == "1")
        {
            await File.WriteAllBytesAsync(Path.Combine(RepositoryPaths.Root, "docs", name), png, TestContext.Current.CancellationToken);
        }
    }
}
