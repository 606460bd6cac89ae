using ClipFunctions.Pipeline.Evaluations;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ClipFunctions.Page.Tests;

[Collection(PageCollection.Name)]
public sealed class LookTests(PageBrowser browser, PageHost host)
{
    private static readonly string[] Tabs = ["Classify", "Similarity", "Search", "Uploads", "Tokens", "Evaluations"];

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public Task FollowsTheSystemsColoursAndTheToggle(ColorScheme scheme) => VisitAsync(
        async page =>
        {
            bool isDark = scheme == ColorScheme.Dark;
            Assert.Equal(isDark, await IsDarkAsync(page));
            ILocator toggle = page.Page.GetByRole(AriaRole.Button, new() { Name = "Dark theme" });
            await Expect(toggle).ToHaveAttributeAsync("aria-pressed", isDark ? "true" : "false");

            await toggle.ClickAsync();
            Assert.Equal(!isDark, await IsDarkAsync(page));
            await page.Page.ReloadAsync();
            Assert.Equal(!isDark, await IsDarkAsync(page));
        },
        new() { ColorScheme = scheme });

    [Fact]
    public Task NeedsNoSidewaysScrollingAt360Pixels() => VisitAsync(
        page => InEveryTabAsync(page, async tab =>
        {
            int overflow = await page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            Assert.True(overflow <= 0, $"{tab} is {overflow} px too wide.");
        }),
        new() { ViewportSize = new() { Width = 360, Height = 640 } });

    [Theory]
    [InlineData(360)]
    [InlineData(520)]
    [InlineData(860)]
    [InlineData(861)]
    [InlineData(1040)]
    [InlineData(1041)]
    [InlineData(1260)]
    [InlineData(1261)]
    public Task HasRoomForAllTabsAndTheModel(int width) => VisitAsync(
        async page =>
        {
            await Expect(page.Page.Locator(".fact-fingerprint")).ToBeVisibleAsync();
            string[] cramped = await page.Page.EvaluateAsync<string[]>(
                """
                () => [
                  ...document.querySelectorAll('[role=tab] > span'),
                  document.getElementById('model-select'),
                ].filter(part => part.offsetWidth > part.parentElement.clientWidth || part.offsetWidth < 20).map(part => part.parentElement.outerHTML)
                """);
            Assert.Empty(cramped);
            Assert.InRange(await page.Page.EvaluateAsync<int>("document.querySelector('.site-header').offsetHeight"), 50, 110);
            Assert.True(await page.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        },
        new() { ViewportSize = new() { Width = width, Height = 640 } });

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 360)]
    [InlineData(ColorScheme.Dark, 360)]
    public Task CanBeReadAndUsedByEveryone(ColorScheme scheme, int width) => VisitAsync(
        page => InEveryTabAsync(page, async tab =>
        {
            // What is just being replaced is dimmed for a moment.
            string[] findings = await page.RunAsync<string[]>("accessibility.js");
            for (int left = 10; left > 0 && findings.Length > 0; left--)
            {
                await Task.Delay(500, TestContext.Current.CancellationToken);
                findings = await page.RunAsync<string[]>("accessibility.js");
            }

            Assert.True(findings.Length == 0, $"{tab}:\n{string.Join('\n', findings)}");
        }),
        new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce, ViewportSize = new() { Width = width, Height = 800 } });

    [Fact]
    public Task CanBeWalkedThroughAndClassifiedWithByKeyboardAlone() => VisitAsync(
        async page =>
        {
            IKeyboard keyboard = page.Page.Keyboard;
            await keyboard.PressAsync("Tab");
            await Expect(page.Page.Locator(".skip-link")).ToBeFocusedAsync();
            await keyboard.PressAsync("Tab");
            foreach (string tab in (string[])[.. Tabs, Tabs[0]])
            {
                ILocator shown = page.Page.GetByRole(AriaRole.Tab, new() { Name = tab });
                await Expect(shown).ToBeFocusedAsync();
                await Expect(shown).ToHaveAttributeAsync("aria-selected", "true");
                await Expect(page.Page.GetByRole(AriaRole.Tabpanel, new() { Name = tab })).ToBeVisibleAsync();
                Assert.EndsWith("#" + tab.ToLowerInvariant(), page.Page.Url, StringComparison.Ordinal);
                await keyboard.PressAsync("ArrowRight");
            }

            await keyboard.PressAsync("Home");
            await TabToAsync(page, page.ById("classify-drop"));
            IFileChooser chooser = await PressForChooserAsync(page);
            await chooser.SetFilesAsync(TestedPage.Sample("cat.jpg"));
            await Expect(page.Page.Locator(".bar").First).ToContainTextAsync("cat");

            await TabToAsync(page, page.Page.GetByLabel("A label set"));
            await keyboard.PressAsync("ArrowRight");
            await TabToAsync(page, page.Page.GetByLabel("Your labels"));
            await keyboard.TypeAsync("elephant, cat");
            await TabToAsync(page, page.Page.GetByRole(AriaRole.Button, new() { Name = "Classify" }));
            await keyboard.PressAsync("Enter");
            await Expect(page.Page.Locator(".bar-label")).ToHaveTextAsync(["cat", "elephant"]);
        },
        hash: "#classify");

    [Fact]
    public Task OpensTheTabThatTheAddressNames() => VisitAsync(
        async page =>
        {
            await Expect(page.Page.GetByRole(AriaRole.Tabpanel, new() { Name = "Similarity" })).ToBeVisibleAsync();
            await Expect(page.ById("panel-classify")).ToBeHiddenAsync();
        },
        hash: "#similarity");

    [Theory]
    [InlineData("API reference")]
    [InlineData("OpenAPI")]
    public Task LinksToTheDescriptionsOfTheApi(string name) => VisitAsync(async page =>
    {
        string? link = await page.Page.GetByRole(AriaRole.Link, new() { Name = name }).GetAttributeAsync("href");
        IAPIResponse answer = await page.Page.APIRequest.GetAsync(new Uri(host.Address, link).ToString());
        Assert.Equal(200, answer.Status);
    });

    private Task VisitAsync(Func<TestedPage, Task> test, BrowserNewContextOptions? options = null, string hash = "") =>
        TestedPage.VisitAsync(browser, host.Address, test, hash, options);

    /// <summary>Fills each tab with results, then looks at it.</summary>
    private async Task InEveryTabAsync(TestedPage page, Func<string, Task> look)
    {
        FilePayload bad = TestedPage.File("a-file-with-a-rather-long-name-that-is-no-picture.jpg", "no picture"u8.ToArray());
        foreach (string tab in Tabs)
        {
            await page.OpenTabAsync(tab);
            await look($"{tab}, empty");
            switch (tab)
            {
                case "Classify":
                    await page.Page.GetByLabel("Your own").CheckAsync();
                    await page.Page.GetByLabel("Your labels").FillAsync("cat, strawberry-ice-cream");
                    await page.ChooseAsync("classify", TestedPage.Sample("cat.jpg"), bad);
                    await Expect(page.Page.Locator(".bars")).ToBeVisibleAsync();
                    await Expect(page.Page.Locator("#prompt-tokens .chip").First).ToBeVisibleAsync();
                    break;
                case "Similarity":
                    await page.ChooseAsync("similarity", [.. Enumerable.Repeat(TestedPage.Sample("cat.jpg"), 6), TestedPage.Sample("bus.jpg")]);
                    await Expect(page.Page.Locator(".heat-table")).ToBeVisibleAsync();
                    await look($"{tab}, probabilities");
                    await page.Page.GetByLabel("Logits").CheckAsync();
                    break;
                case "Search":
                    await page.Page.GetByLabel("What the picture shows").FillAsync("a cat");
                    await page.Page.Keyboard.PressAsync("Enter");
                    await Expect(page.Page.Locator("#search-results img[src]").First).ToBeVisibleAsync();
                    break;
                case "Uploads":
                    await Expect(page.Page.Locator("#uploads-list img[src]").First).ToBeVisibleAsync();
                    break;
                case "Tokens":
                    await Expect(page.Page.Locator("#tokens-output .chip").First).ToBeVisibleAsync();
                    break;
                default:
                    await FillEvaluationsAsync(page, look);
                    break;
            }

            await look(tab);
        }
    }

    private async Task FillEvaluationsAsync(TestedPage page, Func<string, Task> look)
    {
        const string LongName = "archives/flowers-with-a-rather-long-name-that-has-no-room-2024.tar.gz";
        EvaluationStatus done = await host.Runs.PutAsync(StoredRuns.Run(LongName, EvaluationState.Done) with { Top1 = 0.5, Pictures = 8189 });
        await host.Runs.PutAsync(StoredRuns.Run("look-extracting", EvaluationState.Extracting) with { Pictures = 8000, Shards = 8, ShardsDone = 3 });
        await host.Runs.PutAsync(StoredRuns.Run("look-trying", EvaluationState.Fitting) with { Failure = new("TryingAgain", "Storage is away.") });
        await host.Runs.PutAsync(StoredRuns.Run("look-failed", EvaluationState.Failed) with { Failure = new("InvalidDataset", "There is nothing in it.") });
        await page.Page.GetByText("More settings").ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Expect(page.ById("run-dataset-error")).ToBeVisibleAsync();
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "look-failed" }).First).ToBeVisibleAsync();
        await look("Evaluations, linear probe");

        await page.Page.GetByRole(AriaRole.Radio, new() { Name = "Zero-shot" }).CheckAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Stop: look-extracting") }).First.ClickAsync();
        await look("Evaluations, stopping a run");
        await page.Page.Keyboard.PressAsync("Escape");

        await page.Page.GotoAsync(new Uri(host.Address, $"#evaluations?run={done.RunId}").ToString());
        await Expect(page.Page.FrameLocator("iframe").GetByRole(AriaRole.Heading)).ToBeVisibleAsync();
    }

    // On a machine with much else to do the browser can swallow a key press that asks for a chooser.
    private static async Task<IFileChooser> PressForChooserAsync(TestedPage page)
    {
        for (int left = 3; ; left--)
        {
            try
            {
                return await page.Page.RunAndWaitForFileChooserAsync(() => page.Page.Keyboard.PressAsync("Enter"), new() { Timeout = 8_000 });
            }
            catch (TimeoutException) when (left > 0)
            {
            }
        }
    }

    private static async Task TabToAsync(TestedPage page, ILocator target)
    {
        for (int presses = 0; presses < 30; presses++)
        {
            await page.Page.Keyboard.PressAsync("Tab");
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        Assert.Fail($"{target} is not reached with the tab key.");
    }

    private static async Task<bool> IsDarkAsync(TestedPage page) =>
        await page.Page.EvaluateAsync<bool>("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(part => part < 128)");
}
