using System.Collections.Concurrent;
using ClipFunctions.Testing;
using Microsoft.Playwright;

namespace ClipFunctions.Page.Tests;

/// <summary>The page in a window of its own; hears what must not happen.</summary>
internal sealed class TestedPage
{
    private const string RefusedRequest = "Failed to load resource: the server responded with a status of ";

    private readonly Uri _address;
    private readonly ConcurrentQueue<string> _faults = new();

    private TestedPage(IPage page, Uri address)
    {
        Page = page;
        _address = address;
    }

    /// <summary>The browser's page.</summary>
    public IPage Page { get; }

    /// <summary>
    /// Opens the page, does <paramref name="test"/>, and looks whether it was quiet: no error on the console, no request to
    /// another origin, nothing against its content security policy.
    /// </summary>
    /// <param name="browser">The browser.</param>
    /// <param name="address">Where the page is.</param>
    /// <param name="test">What is done with it.</param>
    /// <param name="hash">The tab to open, and what it shows.</param>
    /// <param name="options">Size, colours.</param>
    /// <param name="refusals">Statuses that the server may refuse requests with; the browser writes these on the console by itself.</param>
    public static async Task VisitAsync(
        PageBrowser browser,
        Uri address,
        Func<TestedPage, Task> test,
        string hash = "",
        BrowserNewContextOptions? options = null,
        params int[] refusals)
    {
        await using IBrowserContext context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout(20_000);
        IPage page = await context.NewPageAsync();
        TestedPage tested = new(page, address);
        tested.Listen(refusals);
        await page.GotoAsync(new Uri(address, hash).ToString());
        await test(tested);
        Assert.Empty(tested._faults);
    }

    public ILocator ById(string id) => Page.Locator("#" + id);

    public Task OpenTabAsync(string name) => Page.GetByRole(AriaRole.Tab, new() { Name = name }).ClickAsync();

    /// <summary>Chooses files of <c>samples/</c>, or others, in the tab's file dialog.</summary>
    public Task ChooseAsync(string tab, params FilePayload[] files) => ById(tab + "-files").SetInputFilesAsync(files);

    /// <summary>Has the person drop a file on an element.</summary>
    public async Task DropAsync(ILocator target, FilePayload file)
    {
        IJSHandle transfer = await TransferAsync(file);
        await target.DispatchEventAsync("dragenter", new { dataTransfer = transfer });
        await target.DispatchEventAsync("dragover", new { dataTransfer = transfer });
        await target.DispatchEventAsync("drop", new { dataTransfer = transfer });
    }

    /// <summary>Has the person paste a file.</summary>
    public async Task PasteAsync(FilePayload file) =>
        await (await TransferAsync(file)).EvaluateAsync(
            "transfer => document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }))");

    /// <summary>A file of <c>samples/</c>.</summary>
    public static FilePayload Sample(string name) =>
        File(name, System.IO.File.ReadAllBytes(Path.Combine(RepositoryPaths.Samples, name)));

    public static FilePayload File(string name, byte[] content) => new() { Name = name, MimeType = "image/*", Buffer = content };

    /// <summary>Runs one of the scripts in <c>Scripts/</c>: a function, whose result is returned.</summary>
    public async Task<T> RunAsync<T>(string script)
    {
        await using Stream stream = typeof(TestedPage).Assembly.GetManifestResourceStream(script)
            ?? throw new FileNotFoundException($"There is no script {script}.");
        using StreamReader reader = new(stream);
        return await Page.EvaluateAsync<T>(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private async Task<IJSHandle> TransferAsync(FilePayload file) => await Page.EvaluateHandleAsync(
        """
        ([name, content]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name, { type: 'image/png' }));
          return transfer;
        }
        """,
        new[] { file.Name, Convert.ToBase64String(file.Buffer) });

    private void Listen(int[] refusals)
    {
        Page.Console += (_, message) =>
        {
            bool isExpected = refusals.Any(status => message.Text.StartsWith($"{RefusedRequest}{status}", StringComparison.Ordinal));
            if (message.Type is "error" or "warning" && !isExpected)
            {
                _faults.Enqueue($"Console: {message.Text}");
            }
        };
        Page.PageError += (_, error) => _faults.Enqueue($"Script: {error}");
        Page.Request += (_, request) =>
        {
            bool isOwn = request.Url.StartsWith(_address.ToString(), StringComparison.Ordinal);
            bool isLocal = request.Url.StartsWith("blob:", StringComparison.Ordinal) || request.Url.StartsWith("data:", StringComparison.Ordinal);
            if (!isOwn && !isLocal)
            {
                _faults.Enqueue($"Request to {request.Url}");
            }
        };
    }
}
