using System.Diagnostics;
using Azure;
using ClipFunctions.Pipeline.Search;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Pipeline.Tests.Search;

public sealed class IndexRefreshTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ManyCallersShareTheFirstBuild()
    {
        await using StorageGate gate = new(azurite.ConnectionString);
        await using TestIndex test = await GatedAsync(gate);
        await test.WriteAsync("a.jpg", [1, 0]);
        gate.Close();

        Task<IndexSnapshot>[] callers = [.. Enumerable.Range(0, 50).Select(_ => Task.Run(() => test.Index.GetAsync(Token)))];
        await gate.RequestAsync(Token);
        gate.Open();

        IndexSnapshot[] snapshots = await Task.WhenAll(callers);
        Assert.All(snapshots, snapshot => Assert.Same(snapshots[0], snapshot));
        Assert.NotNull(snapshots[0].Find("a.jpg"));
        Assert.Equal((1, 0), (test.Refreshes.Done, test.Refreshes.Failed));
    }

    [Fact]
    public async Task ManyCallersShareALaterRefresh()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        await test.NextAsync();
        await test.WriteAsync("a.jpg", [1, 0]);
        test.Clock.Advance(TimeSpan.FromSeconds(1));

        IndexSnapshot[] snapshots = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => test.Index.GetAsync(Token))));

        Assert.All(snapshots, snapshot => Assert.NotNull(snapshot.Find("a.jpg")));
        Assert.Equal(2, test.Refreshes.Done);
    }

    [Fact]
    public async Task ACallerWhoGivesUpLeavesTheOthersWaiting()
    {
        await using StorageGate gate = new(azurite.ConnectionString);
        await using TestIndex test = await GatedAsync(gate);
        gate.Close();
        using CancellationTokenSource giveUp = new();
        Task<IndexSnapshot> first = test.Index.GetAsync(giveUp.Token);
        Task<IndexSnapshot> second = test.Index.GetAsync(Token);
        await gate.RequestAsync(Token);

        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(second.IsCompleted);

        gate.Open();
        Assert.Empty((await second).Entries);
        Assert.Equal((1, 0), (test.Refreshes.Done, test.Refreshes.Failed));
    }

    [Fact]
    public async Task WithinTheIntervalStorageIsNotAsked()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        IndexSnapshot snapshot = await test.NextAsync();
        await test.WriteAsync("a.jpg", [1, 0]);

        test.Clock.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Same(snapshot, await test.Index.GetAsync(Token));
        Assert.Equal(1, test.Refreshes.Done);

        test.Clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.NotNull((await test.Index.GetAsync(Token)).Find("a.jpg"));
        Assert.Equal(2, test.Refreshes.Done);
    }

    [Fact]
    public async Task ASnapshotIsServedWhileItsRefreshTakesLong()
    {
        await using StorageGate gate = new(azurite.ConnectionString);
        await using TestIndex test = await GatedAsync(gate);
        IndexSnapshot snapshot = await test.NextAsync();
        await test.WriteAsync("a.jpg", [1, 0]);
        gate.Close();

        test.Clock.Advance(TimeSpan.FromSeconds(1));
        Task<IndexSnapshot> waiting = test.Index.GetAsync(Token);
        await gate.RequestAsync(Token);
        Assert.False(waiting.IsCompleted);
        test.Clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Same(snapshot, await waiting);

        gate.Open();
        Assert.NotNull((await test.Index.GetAsync(Token)).Find("a.jpg"));
        Assert.Equal(2, test.Refreshes.Done);
    }

    [Fact]
    public async Task AStoreThatTakesLongToListIsListedSeldomAndInTheBackground()
    {
        await using StorageGate gate = new(azurite.ConnectionString);
        await using TestIndex test = await GatedAsync(gate);
        gate.Close();
        Task<IndexSnapshot> first = test.Index.GetAsync(Token);
        await gate.RequestAsync(Token);
        test.Clock.Advance(TimeSpan.FromSeconds(3));
        gate.Open();
        IndexSnapshot snapshot = await first;
        await test.WriteAsync("a.jpg", [1, 0]);

        // The listing took 3 s of the 30 that have to pass.
        test.Clock.Advance(TimeSpan.FromSeconds(26));
        Assert.Same(snapshot, await test.Index.GetAsync(Token));
        Assert.Equal(1, test.Refreshes.Done);

        gate.Close();
        test.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Same(snapshot, await test.Index.GetAsync(Token));
        await gate.RequestAsync(Token);
        Assert.Same(snapshot, await test.Index.GetAsync(Token));

        // Nobody has asked for long: the answer is worth some waiting.
        test.Clock.Advance(TimeSpan.FromMinutes(2));
        Task<IndexSnapshot> late = test.Index.GetAsync(Token);
        Assert.False(late.IsCompleted);
        gate.Open();
        Assert.NotNull((await late).Find("a.jpg"));
        Assert.Equal(2, test.Refreshes.Done);
    }

    [Fact]
    public async Task AFirstBuildThatTakesLongTellsHowFarItIs()
    {
        await using StorageGate gate = new(azurite.ConnectionString);
        await using TestIndex test = await GatedAsync(gate, new SearchOptions { FirstBuildPatience = TimeSpan.FromSeconds(7) });
        gate.Close();
        Task<IndexSnapshot> caller = test.Index.GetAsync(Token);
        await gate.RequestAsync(Token);

        test.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.False(caller.IsCompleted);
        test.Clock.Advance(TimeSpan.FromSeconds(1));
        IndexNotReadyException exception = await Assert.ThrowsAsync<IndexNotReadyException>(() => caller);

        Assert.Equal((0, 0), (exception.RecordsRead, exception.RecordsFound));
        gate.Open();
        Assert.Empty((await test.Index.GetAsync(Token)).Entries);
        Assert.Equal(1, test.Refreshes.Done);
    }

    [Fact]
    public async Task AFirstBuildThatFailsThrowsAndTheNextTriesAgain()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        IConfiguration locked = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Locked", azurite.ConnectionString.Replace("AccountKey=E", "AccountKey=F", StringComparison.Ordinal))])
            .Build();
        await using EmbeddingIndex index = ActivatorUtilities.CreateInstance<EmbeddingIndex>(
            test.Pipeline.Services, StorageConnection.FromConfiguration(locked, "Locked"));

        Exception[] faults = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Assert.ThrowsAsync<RequestFailedException>(() => index.GetAsync(Token))));
        Assert.All(faults, fault => Assert.Equal(403, ((RequestFailedException)fault).Status));
        int failed = test.Refreshes.Failed;
        await Assert.ThrowsAsync<RequestFailedException>(() => index.GetAsync(Token));

        Assert.Equal((0, failed + 1), (test.Refreshes.Done, test.Refreshes.Failed));
    }

    [Fact]
    public async Task WhileStorageFailsTheLastSnapshotIsServed()
    {
        await using StorageGate gate = new(azurite.ConnectionString);
        await using TestIndex test = await GatedAsync(gate);
        await test.WriteAsync("a.jpg", [1, 0]);
        IndexSnapshot snapshot = await test.NextAsync();
        await test.WriteAsync("b.jpg", [1, 0]);

        gate.Refuse();
        Assert.Same(snapshot, await test.NextAsync());
        Assert.Equal((1, 1), (test.Refreshes.Done, test.Refreshes.Failed));

        // After a fault nobody waits for the next try, which comes after a second.
        Assert.Same(snapshot, await test.Index.GetAsync(Token));
        gate.Close();
        test.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Same(snapshot, await test.Index.GetAsync(Token));
        await gate.RequestAsync(Token);

        gate.Open();
        await UntilAsync(async () => (await test.Index.GetAsync(Token)).Find("b.jpg") is not null);
        Assert.Equal((2, 1), (test.Refreshes.Done, test.Refreshes.Failed));
    }

    [Fact]
    public async Task ABuildThatFailsHalfwayGoesOnFromThere()
    {
        await using StorageGate gate = new(azurite.ConnectionString);
        await using TestIndex test = await GatedAsync(gate, new SearchOptions { Parallelism = 1 });
        for (int i = 0; i < 5; i++)
        {
            await test.WriteAsync($"{i}.jpg", [1, 0]);
        }

        // The listing, and record and embedding of two.
        gate.Refuse(after: 5);
        await Assert.ThrowsAsync<RequestFailedException>(() => test.NextAsync());
        gate.Open();
        int asked = gate.Requests;
        IndexSnapshot snapshot = await test.NextAsync();

        Assert.Equal(5, snapshot.Search("f", [1, 0], 10, 0, Token).Pictures);
        Assert.Equal(1 + (3 * 2), gate.Requests - asked);
    }

    [Fact]
    public async Task AFreshlyTaggedPictureAppearsToWhoeverKeepsAsking()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        EmbeddingIndex index = pipeline.Services.GetRequiredService<EmbeddingIndex>();
        await index.GetAsync(Token);
        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(1)));

        long start = Stopwatch.GetTimestamp();
        await UntilAsync(async () => (await index.GetAsync(Token)).Find("a.jpg") is not null);

        // 1 s is what is meant; the rest is for a machine with other things to do.
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task DisposalStopsABuildAndThoseWhoWait()
    {
        await using StorageGate gate = new(azurite.ConnectionString);
        await using TestIndex test = await GatedAsync(gate);
        gate.Close();
        Task<IndexSnapshot> caller = test.Index.GetAsync(Token);
        await gate.RequestAsync(Token);

        await test.Index.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => caller);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => test.Index.GetAsync(Token));
        Assert.Equal((0, 0), (test.Refreshes.Done, test.Refreshes.Failed));
    }

    [Fact]
    public async Task ACallerMayHaveCancelledBefore()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Index.GetAsync(new CancellationToken(true)));
        Assert.Equal(0, test.Refreshes.Done);
    }

    private Task<TestIndex> GatedAsync(StorageGate gate, SearchOptions? options = null) =>
        TestIndex.CreateAsync(azurite, options, null, (ClipPipelineServices.StorageSetting, gate.ConnectionString));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "It did not happen within 30 s.");
            await Task.Delay(50, Token);
        }
    }
}
