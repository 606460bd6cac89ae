using System.Text.Json;
using System.Text.RegularExpressions;
using ClipFunctions.Evaluation;
using ClipFunctions.Pipeline.Evaluations;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ClipFunctions.Page.Tests;

[Collection(PageCollection.Name)]
public sealed class EvaluationsTests(PageBrowser browser, PageHost host)
{
    [Fact]
    public async Task ListsRunsTheNewestFirstWithWhatIsKnownOfThem()
    {
        EvaluationStatus failed = StoredRuns.Run("list-failed", EvaluationState.Failed, 5) with { Failure = new("InvalidDataset", "There is <nothing> in it.") };
        EvaluationStatus done = StoredRuns.Run("list-done", EvaluationState.Done, 4) with { Top1 = 0.8734, Pictures = 12345 };
        EvaluationStatus unreadable = StoredRuns.Run("", EvaluationState.Failed, 3) with { Request = null, Failure = new("InvalidMessage", "The message is no evaluation.") };
        EvaluationStatus trying = StoredRuns.Run("list-trying", EvaluationState.Fitting, 2) with { Failure = new("TryingAgain", "Storage is away."), Progress = "C = 0.1: 40 iterations" };
        EvaluationStatus zeroShot = StoredRuns.Run("list-zero-shot", EvaluationState.Cancelled, 1) with
        {
            Request = new EvaluationRequest { Dataset = "list-zero-shot", Kind = EvaluationKind.ZeroShot, LabelSet = "cifar100" },
        };
        foreach (EvaluationStatus run in (EvaluationStatus[])[failed, done, unreadable, trying, zeroShot])
        {
            await host.Runs.PutAsync(run);
        }

        await VisitAsync(async page =>
        {
            await Expect(Card(page, "list-failed").Locator(".problem")).ToHaveTextAsync("There is <nothing> in it.");
            await Expect(Card(page, "list-failed").Locator(".run-state")).ToHaveTextAsync("Failed");
            await Expect(Card(page, "list-done")).ToContainTextAsync("87.3 % of the test pictures are right");
            await Expect(Card(page, "list-done").Locator(".run-facts li")).ToHaveTextAsync(["Linear probe, best C", "demo", "12,345 pictures"]);
            await Expect(Card(page, "list-done")).ToContainTextAsync("took 3 min 20 s");
            await Expect(Card(page, unreadable.RunId)).ToContainTextAsync("The message is no evaluation.");
            await Expect(Button(Card(page, unreadable.RunId), "Run again")).ToBeHiddenAsync();
            await Expect(Card(page, "list-trying").Locator(".notice")).ToContainTextAsync("Storage is away.");
            await Expect(Card(page, "list-trying")).ToContainTextAsync("C = 0.1: 40 iterations");
            await Expect(Card(page, "list-zero-shot").Locator(".run-facts li")).ToHaveTextAsync(["Zero-shot, labels of cifar100", "default model"]);
            await Expect(Card(page, "list-zero-shot").Locator(".run-state")).ToHaveTextAsync("Stopped");
            await Expect(Button(Card(page, "list-zero-shot"), "Stop")).ToBeHiddenAsync();

            string[] names = [.. await page.Page.Locator("#runs-list h3").AllTextContentsAsync()];
            string[] expected = ["list-zero-shot", "list-trying", unreadable.RunId, "list-done", "list-failed"];
            Assert.Equal(expected, names.Where(expected.Contains));
        });
    }

    [Fact]
    public async Task FollowsARunAndTellsThatItHasEnded()
    {
        EvaluationStatus run = await host.Runs.PutAsync(StoredRuns.Run("follow", EvaluationState.Extracting) with { Pictures = 8000, Shards = 8, ShardsDone = 3 });
        await VisitAsync(async page =>
        {
            ILocator bar = page.Page.GetByRole(AriaRole.Progressbar, new() { Name = "Shards of follow" });
            await Expect(bar).ToHaveJSPropertyAsync("value", 3);
            await Expect(bar).ToHaveJSPropertyAsync("max", 8);
            await Expect(Card(page, "follow")).ToContainTextAsync("3 of 8 shards");
            ILocator again = Button(Card(page, "follow"), "Run again");
            await again.FocusAsync();

            await host.Runs.PutAsync(run with { ShardsDone = 5 });
            await Expect(bar).ToHaveJSPropertyAsync("value", 5);
            await Expect(again).ToBeFocusedAsync();

            await host.Runs.PutAsync(run with { State = EvaluationState.Done, Top1 = 0.5 });
            await Expect(Card(page, "follow")).ToContainTextAsync("50.0 % of the test pictures");
            await Expect(bar).ToBeHiddenAsync();
            await Expect(page.ById("announcer")).ToContainTextAsync("follow: done, top-1 50.0 %");
        });
    }

    [Fact]
    public async Task ShowsAReportThatRunsNothing()
    {
        EvaluationStatus run = await host.Runs.PutAsync(StoredRuns.Run("report", EvaluationState.Done) with { Top1 = 0.873 });
        await VisitAsync(async page =>
        {
            await Card(page, "report").GetByRole(AriaRole.Link, new() { Name = "Report" }).ClickAsync();
            Assert.EndsWith($"#evaluations?run={run.RunId}", page.Page.Url, StringComparison.Ordinal);
            await ExpectReportAsync(page);
            await Expect(page.Page.Locator("iframe")).ToHaveAttributeAsync("title", "Report of report");
            await Expect(page.ById("run-place").GetByRole(AriaRole.Heading)).ToBeFocusedAsync();

            // The page scrolls, not the frame.
            Assert.InRange(await page.Page.Locator("iframe").EvaluateAsync<int>("frame => frame.clientHeight"), 1500, 1700);

            await page.Page.GetByRole(AriaRole.Link, new() { Name = "All runs" }).ClickAsync();
            await Expect(page.Page.Locator("iframe")).ToHaveCountAsync(0);
            await Expect(Card(page, "report").GetByRole(AriaRole.Link, new() { Name = "Report" })).ToBeFocusedAsync();
            await page.Page.GoBackAsync();
            await ExpectReportAsync(page);
        });
    }

    [Fact]
    public async Task ShowsAReportInTheChosenTheme()
    {
        EvaluationStatus run = await host.Runs.PutAsync(StoredRuns.Run("theme", EvaluationState.Done));
        await VisitAsync(
            async page =>
            {
                ILocator body = page.Page.FrameLocator("iframe").Locator("body");
                await Expect(body).ToHaveCSSAsync("background-color", "rgb(255, 255, 255)");
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Dark theme" }).ClickAsync();
                await Expect(body).ToHaveCSSAsync("background-color", "rgb(0, 0, 0)");
                await page.Page.ReloadAsync();
                await Expect(body).ToHaveCSSAsync("background-color", "rgb(0, 0, 0)");
            },
            $"#evaluations?run={run.RunId}");
    }

    [Fact]
    public async Task ShowsTheReportOfTheRunThatTheAddressNamesOnceItIsThere()
    {
        EvaluationStatus run = await host.Runs.PutAsync(StoredRuns.Run("deep", EvaluationState.Fitting));
        await VisitAsync(
            async page =>
            {
                await Expect(page.ById("run-place")).ToContainTextAsync("Fits and measures.");
                await Expect(page.ById("runs-view")).ToBeHiddenAsync();

                await host.Runs.PutAsync(run with { State = EvaluationState.Done, Top1 = 1 });
                await ExpectReportAsync(page);
                await page.Page.GetByRole(AriaRole.Tab, new() { Name = "Evaluations" }).ClickAsync();
                await Expect(page.ById("runs-view")).ToBeVisibleAsync();
            },
            $"#evaluations?run={run.RunId}");
    }

    [Fact]
    public Task KeepsTheReportsFrameApart() => VisitAsync(async page =>
    {
        IAPIResponse frame = await page.Page.APIRequest.GetAsync(new Uri(host.Address, "app/report-frame.html").ToString());
        string policy = frame.Headers["content-security-policy"];
        Assert.StartsWith("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.EndsWith("; sandbox allow-scripts", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("connect-src", policy, StringComparison.Ordinal);

        IAPIResponse index = await page.Page.APIRequest.GetAsync(host.Address.ToString());
        Assert.Contains("; style-src 'self';", index.Headers["content-security-policy"], StringComparison.Ordinal);
        Assert.Contains("; frame-src 'self';", index.Headers["content-security-policy"], StringComparison.Ordinal);
    });

    [Fact]
    public Task TellsThatThereIsNoSuchRun() => VisitAsync(
        async page =>
        {
            await Expect(page.ById("evaluations-problem")).ToContainTextAsync("There is no evaluation of that id.");
            await page.Page.GetByRole(AriaRole.Link, new() { Name = "All runs" }).ClickAsync();
            await Expect(page.ById("evaluations-problem")).ToBeEmptyAsync();
        },
        "#evaluations?run=nothing",
        404);

    [Theory]
    [InlineData("report.html", "<!doctype html>")]
    [InlineData("report.json", """{"schema":1}""")]
    [InlineData("classifier.npz", "numbers")]
    public async Task SavesTheFilesOfARun(string file, string start)
    {
        EvaluationStatus run = await host.Runs.PutAsync(StoredRuns.Run("saved", EvaluationState.Done));
        await VisitAsync(
            async page =>
            {
                IDownload download = await page.Page.RunAndWaitForDownloadAsync(() => Button(page.ById("run-place"), file).ClickAsync());
                Assert.Equal($"{run.RunId}-{file}", download.SuggestedFilename);
                Assert.StartsWith(start, await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken), StringComparison.Ordinal);
            },
            $"#evaluations?run={run.RunId}");
    }

    [Fact]
    public async Task TellsThatAFileIsNotThere()
    {
        EvaluationStatus run = await host.Runs.PutAsync(StoredRuns.Run("gone", EvaluationState.Done));
        await host.Runs.RemoveAsync(run, "report.json");
        await VisitAsync(
            async page =>
            {
                await Button(Card(page, "gone"), "report.json").ClickAsync();
                await Expect(Card(page, "gone").GetByRole(AriaRole.Alert)).ToContainTextAsync("has no such file");
            },
            refusals: 404);
    }

    [Fact]
    public async Task StopsARunByKeyboardOnceThatIsConfirmed()
    {
        await host.Runs.PutAsync(StoredRuns.Run("stopped", EvaluationState.Extracting) with { Shards = 4 });
        await VisitAsync(async page =>
        {
            ILocator stop = Button(Card(page, "stopped"), "Stop");
            ILocator dialog = page.Page.GetByRole(AriaRole.Dialog);
            await stop.FocusAsync();
            await page.Page.Keyboard.PressAsync("Enter");
            await Expect(dialog).ToContainTextAsync("stopped: what was computed so far is kept");
            await Expect(Button(dialog, "Keep it running")).ToBeFocusedAsync();
            await page.Page.Keyboard.PressAsync("Enter");
            await Expect(dialog).ToBeHiddenAsync();
            await Expect(stop).ToBeFocusedAsync();

            await page.Page.Keyboard.PressAsync("Enter");
            await page.Page.Keyboard.PressAsync("Escape");
            await Expect(dialog).ToBeHiddenAsync();
            await Expect(Card(page, "stopped").Locator(".run-state")).ToHaveTextAsync("Extracting");

            await page.Page.Keyboard.PressAsync("Enter");
            await page.Page.Keyboard.PressAsync("Tab");
            await Expect(Button(dialog, "Stop it")).ToBeFocusedAsync();
            await page.Page.Keyboard.PressAsync("Enter");
            await Expect(Card(page, "stopped").Locator(".run-state")).ToHaveTextAsync("Stopped");
            await Expect(page.ById("announcer")).ToContainTextAsync("stopped: stopped");
            await Expect(Card(page, "stopped").GetByRole(AriaRole.Heading)).ToBeFocusedAsync();
        });
    }

    [Fact]
    public Task StartsARunAndShowsWhyItFails() => VisitAsync(async page =>
    {
        await page.Page.GetByLabel("Data set", new() { Exact = true }).FillAsync("nowhere/to-be-found");
        await page.Page.Keyboard.PressAsync("Enter");

        await Expect(page.ById("announcer")).ToContainTextAsync("nowhere/to-be-found");
        ILocator card = Card(page, "nowhere/to-be-found");
        await Expect(page.Page.Locator("#runs-list > li").First.GetByRole(AriaRole.Heading)).ToHaveTextAsync("nowhere/to-be-found");
        await Expect(card.Locator(".run-state")).ToHaveTextAsync("Failed");
        await Expect(card.Locator(".problem")).Not.ToBeEmptyAsync();
        await Expect(card.Locator(".run-facts li")).ToHaveTextAsync(["Linear probe, best C", "demo"]);
    });

    [Fact]
    public Task AsksForWhatTheFormSays() => VisitAsync(async page =>
    {
        await Expect(page.ById("run-model")).ToContainTextAsync("demo");
        await page.Page.GetByLabel("Data set", new() { Exact = true }).FillAsync(" pets ");
        await Choice(page, "A given C").CheckAsync();
        await page.Page.GetByLabel("C, the inverse").FillAsync("2.5");
        await page.Page.GetByText("More settings").ClickAsync();
        await page.Page.GetByLabel("Seed").FillAsync("7");
        await page.Page.GetByLabel("Layout").SelectOptionAsync("manifest");
        await Expect(page.Page.GetByLabel("Share of train")).ToBeHiddenAsync();
        Assert.Equal("""{"dataset":"pets","format":"manifest","model":"demo","kind":"linear-probe","C":2.5,"seed":7}""", await SentAsync(page));

        await Choice(page, "Find the best C").CheckAsync();
        await page.Page.GetByLabel("Share of train").FillAsync("0.2");
        await page.Page.GetByLabel("Seed").FillAsync("");
        Assert.Equal("""{"dataset":"pets","format":"manifest","model":"demo","kind":"linear-probe","validationShare":0.2}""", await SentAsync(page));

        await Choice(page, "Zero-shot").CheckAsync();
        Assert.Equal("""{"dataset":"pets","format":"manifest","model":"demo","kind":"zero-shot"}""", await SentAsync(page));

        await page.ById("run-label-set").SelectOptionAsync("demo");
        await page.ById("run-templates").FillAsync("a photo of a {}.\n\na drawing of a {}.\n");
        Assert.Equal("""{"dataset":"pets","format":"manifest","model":"demo","kind":"zero-shot","labelSet":"demo","templates":["a photo of a {}.","a drawing of a {}."]}""", await SentAsync(page));
    });

    [Fact]
    public Task TellsWhatIsWrongBesideTheField() => VisitAsync(
        async page =>
        {
            ILocator start = page.Page.GetByRole(AriaRole.Button, new() { Name = "Start" });
            await start.ClickAsync();
            await Expect(page.ById("run-dataset-error")).ToHaveTextAsync("Name a data set.");
            await Expect(page.ById("run-dataset")).ToBeFocusedAsync();

            await page.ById("run-dataset").FillAsync("pets");
            await page.ById("run-seed").EvaluateAsync("field => { field.value = '1.5'; }");
            await start.ClickAsync();
            await Expect(page.ById("run-seed")).ToBeFocusedAsync();
            await Expect(page.ById("run-seed-error")).ToBeVisibleAsync();
            await Expect(page.ById("run-dataset-error")).ToBeHiddenAsync();

            await page.ById("run-share").FillAsync("1");
            await page.ById("run-seed").FillAsync("1");
            await start.ClickAsync();
            await Expect(page.ById("run-share-error")).ToHaveTextAsync("Enter a number above 0 and below 1.");

            await Choice(page, "A given C").CheckAsync();
            await page.ById("run-c").FillAsync("0");
            await start.ClickAsync();
            await Expect(page.ById("run-c-error")).ToHaveTextAsync("Enter a number above 0.");

            await Choice(page, "Zero-shot").CheckAsync();
            await page.ById("run-templates").FillAsync("a photo");
            await start.ClickAsync();
            await Expect(page.ById("run-templates-error")).ToHaveTextAsync("Write {} where the label goes.");

            await page.ById("run-templates").FillAsync("");
            await page.ById("run-dataset").FillAsync("../b");
            await start.ClickAsync();
            await Expect(page.ById("run-form").GetByRole(AriaRole.Alert)).ToContainTextAsync("dataset cannot be used");
        },
        refusals: 400);

    [Fact]
    public async Task FillsTheFormToRunAgain()
    {
        EvaluationStatus probe = StoredRuns.Run("again-probe", EvaluationState.Done);
        await host.Runs.PutAsync(probe with { Request = probe.Request! with { C = 0.5, Seed = 3, Format = "tar", Model = "gone:int8" } });
        EvaluationStatus zeroShot = StoredRuns.Run("again-zero-shot", EvaluationState.Failed);
        await host.Runs.PutAsync(zeroShot with
        {
            Request = new EvaluationRequest { Dataset = "again-zero-shot", Kind = EvaluationKind.ZeroShot, Labels = ["cat", "dog"], Templates = ["a {}", "the {}"] },
        });

        await VisitAsync(
            async page =>
            {
                await Button(page.ById("run-place"), "Run again").ClickAsync();
                await Expect(page.ById("runs-view")).ToBeVisibleAsync();
                await Expect(page.ById("run-dataset")).ToBeFocusedAsync();
                await Expect(page.ById("run-model")).ToContainTextAsync("That run’s model, gone:int8, is not here.");
                Assert.Equal("""{"dataset":"again-probe","format":"tar","model":"demo","kind":"linear-probe","C":0.5,"seed":3}""", await SentAsync(page));

                await Button(Card(page, "again-zero-shot"), "Run again").ClickAsync();
                await Expect(Choice(page, "Zero-shot")).ToBeCheckedAsync();
                await Expect(page.ById("run-model")).ToContainTextAsync("The model is demo");
                Assert.Equal("""{"dataset":"again-zero-shot","model":"demo","kind":"zero-shot","labels":["cat","dog"],"templates":["a {}","the {}"]}""", await SentAsync(page));
            },
            $"#evaluations?run={probe.RunId}");
    }

    [Fact]
    public Task SaysWhatToDoWhereNothingHasRun() => VisitAsync(
        async page =>
        {
            int requests = 0;
            await page.Page.RouteAsync("**/api/evaluations?*", route =>
            {
                requests++;
                return route.FulfillAsync(new() { ContentType = "application/json", Body = """{"total":0,"evaluations":[]}""" });
            });
            await page.OpenTabAsync("Evaluations");
            await Expect(page.ById("runs-empty")).ToContainTextAsync("No runs yet");

            // Nothing is going on, so it asks less often.
            await Task.Delay(5000, TestContext.Current.CancellationToken);
            Assert.Equal(1, requests);
            await page.OpenTabAsync("Tokens");
            await Expect(page.ById("runs-live-state")).ToHaveTextAsync("Paused");
        },
        "#tokens");

    [Fact]
    public Task BacksOffWhileTheServerFailsAndComesBack() => VisitAsync(
        async page =>
        {
            await Expect(page.ById("runs-live-state")).ToHaveTextAsync("Live");
            await page.OpenTabAsync("Tokens");
            await page.Page.RouteAsync("**/api/evaluations?*", route => route.FulfillAsync(new() { Status = 500, ContentType = "text/plain", Body = "" }));
            await page.OpenTabAsync("Evaluations");
            await Expect(page.ById("runs-live-state")).ToHaveTextAsync("Next try in 4 s");
            await Expect(page.ById("evaluations-problem")).ToContainTextAsync("The server answered 500");

            await page.Page.UnrouteAllAsync();
            await Expect(page.ById("runs-live-state")).ToHaveTextAsync("Live");
            await Expect(page.ById("evaluations-problem")).ToBeEmptyAsync();
        },
        refusals: 500);

    private Task VisitAsync(Func<TestedPage, Task> test, string hash = "#evaluations", params int[] refusals) =>
        TestedPage.VisitAsync(browser, host.Address, test, hash, refusals: refusals);

    /// <summary>Presses the button and takes what is sent, in place of the server.</summary>
    private static async Task<string> SentAsync(TestedPage page)
    {
        TaskCompletionSource<string> sent = new();
        await page.Page.RouteAsync("**/api/evaluations", route =>
        {
            sent.TrySetResult(route.Request.PostData ?? "");
            return route.FulfillAsync(new() { Status = 202, ContentType = "application/json", Body = JsonSerializer.Serialize(StoredRuns.Run("sent", EvaluationState.Queued), JsonSerializerOptions.Web) });
        });
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        string body = await sent.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await Expect(page.ById("announcer")).ToContainTextAsync("Run started: sent");
        await page.Page.UnrouteAllAsync();
        return body;
    }

    private static async Task ExpectReportAsync(TestedPage page)
    {
        IFrameLocator report = page.Page.FrameLocator("iframe");
        await Expect(report.GetByRole(AriaRole.Heading)).ToHaveTextAsync("pets with demo");
        await Expect(report.GetByRole(AriaRole.Heading)).ToHaveCSSAsync("color", "rgb(1, 2, 3)");
        await Expect(report.Locator("#bar")).ToHaveCSSAsync("width", "123px");
        await Expect(report.Locator("img")).ToHaveJSPropertyAsync("naturalWidth", 1);
        await Expect(report.Locator("rect")).ToBeVisibleAsync();
    }

    private static ILocator Card(TestedPage page, string name) =>
        page.Page.Locator("#runs-list > li").Filter(new() { Has = page.Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true }) });

    private static ILocator Choice(TestedPage page, string name) => page.Page.GetByRole(AriaRole.Radio, new() { Name = name });

    private static ILocator Button(ILocator place, string name) =>
        place.GetByRole(AriaRole.Button, new() { NameRegex = new Regex($"^{Regex.Escape(name)}"), IncludeHidden = true });
}
