using System.Collections.Concurrent;
using ClipFunctions.ModelCaching.Downloads;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

public sealed class FileDownloaderTests
{
    private static int Size => PublishedModel.Bytes.Length;

    private static int SixtyPercent => Size / 10 * 6;

    [Fact]
    public async Task FetchesAFileThroughARedirect()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        Report report = new();

        DownloadedFile file = await model.DownloadAsync(model.Request(), progress: report);

        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        Assert.Equal(HubServer.Hash(PublishedModel.Bytes), file.Sha256);
        Assert.Equal(HubServer.Commit, file.Commit);
        Assert.Equal([PublishedModel.Checkpoint], model.Kept);
        Assert.All(model.Server.Requests, request => Assert.Equal("identity", request.AcceptEncoding));
        Assert.Equal(new ModelProgress("downloading", PublishedModel.Checkpoint, Size, Size), report.All[^1]);
        Assert.Equal(report.All.Select(progress => progress.BytesDone).Order(), report.All.Select(progress => progress.BytesDone));
    }

    [Fact]
    public async Task GoesOnWhereTheConnectionWasCut()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, model.CutAt(SixtyPercent));

        DownloadedFile file = await model.DownloadAsync(model.Request());

        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        AssertResumed(model);
    }

    [Fact]
    public async Task GoesOnWhereAnEarlierProcessStopped()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, model.CutAt(SixtyPercent));

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request(), PublishedModel.Impatient with { MaxTries = 1 }));
        Assert.Equal(DownloadFault.Unreachable, exception.Fault);
        Assert.Contains($"of {Size} bytes", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(model.CacheDirectory, PublishedModel.Checkpoint)));
        DownloadedFile file = await model.DownloadAsync(model.Request());

        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        AssertResumed(model);
        Assert.Equal([PublishedModel.Checkpoint], model.Kept);
    }

    [Fact]
    public async Task GoesOnAfterManyCuts()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, [.. Enumerable.Range(1, 9).Select(tenth => model.CutAt(Size / 10 * tenth))]);

        DownloadedFile file = await model.DownloadAsync(model.Request(), PublishedModel.Impatient with { MaxTries = 10 });

        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        Assert.Equal(10, model.Server.Bodies(PublishedModel.Checkpoint).Count);
        Assert.InRange(model.Server.Bodies(PublishedModel.Checkpoint).Sum(request => request.Sent), Size, Size * 3 / 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GoesOnWithAFileOfUnknownHash(bool chunked)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, model.CutAt(SixtyPercent) with { Chunked = chunked }, new HubFault { Chunked = chunked });

        DownloadedFile file = await model.DownloadAsync(model.Request(hashed: false));

        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        AssertResumed(model);
    }

    [Fact]
    public async Task BeginsAnewWithAServerThatIgnoresRanges()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, model.CutAt(SixtyPercent), new HubFault { IgnoreRanges = true });

        DownloadedFile file = await model.DownloadAsync(model.Request());

        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        Assert.Equal(Size, model.Server.Bodies(PublishedModel.Checkpoint)[1].Sent);
    }

    [Fact]
    public async Task BeginsAnewWhenTheRangeIsRefused()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, model.CutAt(SixtyPercent), new HubFault { RefuseRanges = true });

        DownloadedFile file = await model.DownloadAsync(model.Request());

        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        Assert.Equal(3, model.Server.Bodies(PublishedModel.Checkpoint).Count);
        Assert.Null(model.Server.Bodies(PublishedModel.Checkpoint)[2].Range);
    }

    [Fact]
    public async Task DoesNotMixTwoVersionsOfAFile()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        byte[] older = [.. PublishedModel.Bytes.Select(b => (byte)(b ^ 0x55))];
        model.Server.Publish(PublishedModel.Checkpoint, older, large: false);
        model.Server.Fail(PublishedModel.Checkpoint, model.CutAt(SixtyPercent));
        await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request(hashed: false), PublishedModel.Impatient with { MaxTries = 1 }));

        model.Server.Publish(PublishedModel.Checkpoint, PublishedModel.Bytes, large: false);
        DownloadedFile file = await model.DownloadAsync(model.Request(hashed: false));

        Assert.NotNull(model.Server.Bodies(PublishedModel.Checkpoint)[1].Range);
        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task DoesNotGoOnWithoutAVersion()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, model.CutAt(SixtyPercent) with { NoVersion = true });

        DownloadedFile file = await model.DownloadAsync(model.Request());

        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        Assert.All(model.Server.Requests, request => Assert.Null(request.Range));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task TriesAgainAfterATransientFault(int status)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Status = status, RetryAfter = "0" }, new HubFault { Status = status });

        DownloadedFile file = await model.DownloadAsync(model.Request());

        Assert.Equal(Size, file.Size);
        Assert.Equal(4, model.Server.Requests.Count);
    }

    [Fact]
    public async Task WaitsAsLongAsTheServerAsks()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Status = 429, RetryAfter = "1" });
        long start = System.Diagnostics.Stopwatch.GetTimestamp();

        await model.DownloadAsync(model.Request());

        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) >= TimeSpan.FromSeconds(0.95));
    }

    [Fact]
    public async Task GivesUpOnAServerThatAsksForTooLongAWait()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Status = 429, RetryAfter = "3600" });

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request()));

        Assert.Equal(DownloadFault.Unreachable, exception.Fault);
        Assert.Contains("3600 s", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GivesUpAfterABoundedNumberOfTries()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, [.. Enumerable.Repeat(new HubFault { Status = 500 }, 9)]);

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request()));

        Assert.Equal(DownloadFault.Unreachable, exception.Fault);
        Assert.Contains("3 tries", exception.Message, StringComparison.Ordinal);
        Assert.Contains("500", exception.Message, StringComparison.Ordinal);
        Assert.Equal(3, model.Server.Requests.Count);
    }

    [Fact]
    public async Task GivesUpOnAServerThatDoesNotListen()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        DownloadRequest request = model.Request() with { Address = new Uri($"http://127.0.0.1:{ClipFunctions.Testing.AzuriteServer.FreePort()}/file") };

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(request));

        Assert.Equal(DownloadFault.Unreachable, exception.Fault);
        Assert.Contains("connection failed", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DoesNotWaitForAServerThatStalls()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        TaskCompletionSource never = new();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Gate = never.Task, GateAt = SixtyPercent });

        DownloadedFile file = await model.DownloadAsync(model.Request(), PublishedModel.Impatient with { StallTimeout = TimeSpan.FromSeconds(2) });

        never.SetResult();
        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        AssertResumed(model);
    }

    [Fact]
    public async Task KeepsWhatHasComeWhenItIsCancelled()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        TaskCompletionSource never = new();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Gate = never.Task, GateAt = SixtyPercent });
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using HubClient hub = new(model.Server.Address);
        Report report = new() { On = progress => _ = progress.BytesDone > SixtyPercent / 2 ? cancel.CancelAsync() : null };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new FileDownloader(hub).DownloadAsync(model.Request(), model.CacheDirectory, report, cancel.Token));
        await model.DownloadAsync(model.Request());

        never.SetResult();
        Assert.NotNull(model.Server.Bodies(PublishedModel.Checkpoint)[1].Range);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RefusesAFlippedByteAndDeletesTheFile(bool resumed)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        HubFault flip = new() { FlipAt = Size / 2 };
        model.Server.Fail(PublishedModel.Checkpoint, resumed ? [model.CutAt(SixtyPercent) with { FlipAt = flip.FlipAt }] : [flip]);

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request()));

        Assert.Equal(DownloadFault.HashMismatch, exception.Fault);
        Assert.Equal(HubServer.Hash(PublishedModel.Bytes), exception.Expected);
        Assert.Contains(exception.Actual!, exception.Message, StringComparison.Ordinal);
        Assert.Contains(exception.Expected!, exception.Message, StringComparison.Ordinal);
        Assert.Empty(model.Kept);
    }

    [Fact]
    public async Task TakesTheHashThatTheHubPublishesWhereTheRequestHasNone()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { FlipAt = 0 });

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request(hashed: false)));

        Assert.Equal(DownloadFault.HashMismatch, exception.Fault);
        Assert.Empty(model.Kept);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task RefusesAnotherSizeThanThePublishedOne(bool surplus, bool chunked)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Publish(PublishedModel.Checkpoint, surplus ? PublishedModel.Bytes : PublishedModel.Bytes[..^1], large: false);
        model.Server.Fail(PublishedModel.Checkpoint, [.. Enumerable.Repeat(new HubFault { Surplus = surplus ? 7 : 0, Chunked = chunked }, 3)]);

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request()));

        // A body that ends early without having told its length may as well have been cut.
        Assert.Equal(surplus ? DownloadFault.SizeMismatch : DownloadFault.Unreachable, exception.Fault);
        Assert.Contains($"{Size}", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(model.CacheDirectory, PublishedModel.Checkpoint)));
    }

    [Fact]
    public async Task RefusesACompressedAnswer()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Encoding = "gzip" });

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request()));

        Assert.Equal(DownloadFault.Refused, exception.Fault);
        Assert.Contains("gzip", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TakesAFileThatIsThereWithoutARequest()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        await model.DownloadAsync(model.Request());
        int requests = model.Server.Requests.Count;

        await model.DownloadAsync(model.Request());

        Assert.Equal(requests, model.Server.Requests.Count);
    }

    [Fact]
    public async Task ReplacesAFileThatHasBeenChanged()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        byte[] changed = [.. PublishedModel.Bytes];
        changed[^1] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(model.CacheDirectory, PublishedModel.Checkpoint), changed, TestContext.Current.CancellationToken);

        DownloadedFile file = await model.DownloadAsync(model.Request());

        Assert.Equal(PublishedModel.Bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("../model")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("")]
    public async Task WritesNowhereButIntoItsFolder(string name)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => model.DownloadAsync(model.Request() with { Name = name }));
        Assert.Empty(model.Server.Requests);
    }

    private static void AssertResumed(PublishedModel model)
    {
        IReadOnlyList<HubRequest> bodies = model.Server.Bodies(PublishedModel.Checkpoint);
        Assert.Equal(2, bodies.Count);
        Assert.StartsWith("bytes=", bodies[1].Range, StringComparison.Ordinal);
        Assert.NotEqual("bytes=0-", bodies[1].Range);
        Assert.Equal($"\"{HubServer.Hash(PublishedModel.Bytes)}\"", bodies[1].IfRange);
        Assert.InRange(bodies.Sum(request => request.Sent), Size, Size * 3 / 2);
    }

    private sealed class Report : IProgress<ModelProgress>
    {
        private readonly ConcurrentQueue<ModelProgress> _all = new();

        public IReadOnlyList<ModelProgress> All => [.. _all];

        public Action<ModelProgress>? On { get; init; }

        void IProgress<ModelProgress>.Report(ModelProgress value)
        {
            _all.Enqueue(value);
            On?.Invoke(value);
        }
    }
}
