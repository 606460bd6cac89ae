using System.Text;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Pipeline.Search;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests.Search;

public sealed class EmbeddingIndexTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ATaggedPictureIsFound()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        Assert.Empty((await test.NextAsync()).Entries);
        UploadResult record = await test.TagAsync("2026/a cat.jpg", TestPictures.Jpeg(1));
        await test.TagAsync("b.jpg", TestPictures.Jpeg(2));

        IndexSnapshot snapshot = await test.NextAsync();

        IndexEntry entry = snapshot.Find("2026/a cat.jpg")!;
        Assert.Equal(
            (UploadState.Tagged, record.Source.ETag, record.Source.Size, record.Model, null, record.Time),
            (entry.State, entry.ETag, entry.Size, entry.Model, entry.Failure, entry.Time));
        Assert.Equal(record.Labels, entry.Labels);
        SearchPage page = snapshot.Search(entry.Model.Fingerprint, await test.EmbeddingAsync("2026/a cat.jpg"), 10, 0, Token);
        Assert.Equal(2, page.Pictures);
        Assert.Same(entry, page.Hits[0].Entry);
        Assert.Equal(1, page.Hits[0].Score, 1e-5);
        Assert.False(snapshot.Truncated);
        Assert.Equal(["b.jpg", "2026/a cat.jpg"], snapshot.Entries.Select(listed => listed.Name));
        Assert.Equal(2, test.Refreshes.Pictures);
    }

    [Fact]
    public async Task AnOverwrittenPictureIsFoundByItsNewVectorOnly()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        await test.TagAsync("a.jpg", TestPictures.Jpeg(3));
        float[] old = await test.EmbeddingAsync("a.jpg");
        IndexSnapshot before = await test.NextAsync();

        UploadResult record = await test.TagAsync("a.jpg", TestPictures.Jpeg(4));
        float[] now = await test.EmbeddingAsync("a.jpg");
        IndexSnapshot after = await test.NextAsync();

        ScoredEntry hit = Assert.Single(after.Search(record.Model.Fingerprint, now, 10, 0, Token).Hits);
        Assert.Equal(1, hit.Score, 1e-5);
        Assert.Equal(record.Source.ETag, hit.Entry.ETag);
        Assert.True(Assert.Single(after.Search(record.Model.Fingerprint, old, 10, 0, Token).Hits).Score < 0.9999);
        Assert.Equal(1, Assert.Single(before.Search(record.Model.Fingerprint, old, 10, 0, Token).Hits).Score, 1e-5);
    }

    [Fact]
    public async Task ADeletedRecordLeaves()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        await test.WriteAsync("a.jpg", [1, 2]);
        await test.WriteAsync("b.jpg", [2, 1]);
        Assert.Equal(2, (await test.NextAsync()).Entries.Count);

        await test.Pipeline.ResultBlobs.GetBlobClient("a.jpg.json").DeleteAsync(cancellationToken: Token);
        IndexSnapshot snapshot = await test.NextAsync();

        Assert.Null(snapshot.Find("a.jpg"));
        Assert.Equal("b.jpg", Assert.Single(snapshot.Search("f", [1, 2], 10, 0, Token).Hits).Entry.Name);

        await test.Pipeline.ResultBlobs.DeleteAsync(cancellationToken: Token);
        Assert.Empty((await test.NextAsync()).Entries);
    }

    [Fact]
    public async Task AFailedUploadIsListedAndNotSearched()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        await test.TagAsync("a.jpg", TestPictures.Jpeg(5));
        await test.TagAsync("a.jpg", Encoding.UTF8.GetBytes("no picture any more"));
        UploadResult tagged = await test.TagAsync("b.jpg", TestPictures.Jpeg(6));

        IndexSnapshot snapshot = await test.NextAsync();

        IndexEntry failed = snapshot.Find("a.jpg")!;
        Assert.Equal((UploadState.Failed, "UnsupportedFormat"), (failed.State, failed.Failure!.Reason));
        Assert.Empty(failed.Labels);
        Assert.True(failed.Vector.IsEmpty);
        Assert.Equal(2, snapshot.Entries.Count);
        Assert.Equal("b.jpg", Assert.Single(snapshot.Search(tagged.Model.Fingerprint, snapshot.Find("b.jpg")!.Vector.Span, 10, 0, Token).Hits).Entry.Name);
    }

    [Fact]
    public async Task AnEmbeddingThatNoRecordNamesIsNeverFound()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        await test.WriteAsync("a.jpg", [1, 0]);
        await test.PutAsync(test.Pipeline.Embeddings.Name, "b.jpg.npy", NpyFormat.Write([0f, 1f]));

        IndexSnapshot snapshot = await test.NextAsync();

        Assert.Equal("a.jpg", Assert.Single(snapshot.Search("f", [0, 1], 10, 0, Token).Hits).Entry.Name);
        Assert.Null(snapshot.Find("b.jpg"));
    }

    [Fact]
    public async Task AnEmbeddingOfAnotherVersionIsNotUsedUntilTheRecordChanges()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        await test.WriteAsync("a.jpg", [1, 0]);
        await test.WriteAsync("b.jpg", [1, 0]);
        await test.PutAsync(test.Pipeline.Embeddings.Name, "a.jpg.npy", NpyFormat.Write([0f, 1f]));
        await test.Pipeline.Embeddings.GetBlobClient("b.jpg.npy").DeleteAsync(cancellationToken: Token);

        IndexSnapshot snapshot = await test.NextAsync();

        Assert.Equal(2, snapshot.Entries.Count);
        Assert.All(snapshot.Entries, entry => Assert.True(entry.Vector.IsEmpty));
        Assert.Equal(0, snapshot.Search("f", [0, 1], 10, 0, Token).Pictures);

        await test.WriteAsync("a.jpg", [3, 4]);
        snapshot = await test.NextAsync();
        Assert.Equal([0.6f, 0.8f], snapshot.Find("a.jpg")!.Vector.ToArray());
    }

    [Fact]
    public async Task TwoModelsNeverMix()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        await test.WriteAsync("a.jpg", [1, 0], "one");
        await test.WriteAsync("b.jpg", [1, 0], "two");

        IndexSnapshot snapshot = await test.NextAsync();

        Assert.Equal("a.jpg", Assert.Single(snapshot.Search("one", [1, 0], 10, 0, Token).Hits).Entry.Name);
        Assert.Equal("b.jpg", Assert.Single(snapshot.Search("two", [1, 0], 10, 0, Token).Hits).Entry.Name);
    }

    [Fact]
    public async Task WhatIsNoRecordIsSkippedAndCounted()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        await test.WriteAsync("good.jpg", [1, 0]);
        await test.WriteAsync("schema.jpg", [1, 0], change: result => result with { Schema = 2 });
        await test.WriteAsync("container.jpg", [1, 0], change: result => result with { Source = result.Source with { Container = "others" } });
        await test.WriteAsync("copy.jpg", [1, 0], change: result => result with { Source = result.Source with { Name = "good.jpg" } });
        await test.WriteAsync("state.jpg", [1, 0], change: result => result with { State = UploadState.Failed });
        string[] broken =
        [
            "", "{", "null", "[]", "7", "\u0000", "{}",
            """{"state":"tagged","source":{},"model":{},"labelSet":{},"timings":{},"time":"2026-01-01T00:00:00Z"}""",
            """{"state":7,"source":{"name":"broken7.jpg"},"model":{},"labelSet":{},"timings":{},"time":"2026-01-01T00:00:00Z"}""",
            $$"""{"state":"tagged","source":{"container":"{{test.Pipeline.Uploads.Name}}","name":"broken9.jpg","eTag":"x"},"model":{"id":"a","fingerprint":"f","device":"cpu"},"labelSet":{},"labels":[null],"timings":{},"time":"2026-01-01T00:00:00Z"}""",
            new string(' ', 2 << 20),
        ];
        for (int i = 0; i < broken.Length; i++)
        {
            await test.PutAsync(test.Pipeline.ResultBlobs.Name, $"broken{i}.jpg.json", Encoding.UTF8.GetBytes(broken[i]));
        }

        await test.PutAsync(test.Pipeline.ResultBlobs.Name, "readme.txt", [1]);

        IndexSnapshot snapshot = await test.NextAsync();

        Assert.Equal("good.jpg", Assert.Single(snapshot.Entries).Name);
        Assert.Equal(4 + broken.Length, snapshot.Skipped);
        Assert.Same(snapshot, await test.NextAsync());
    }

    [Fact]
    public async Task WhatIsNoEmbeddingOfTheRecordIsNotSearched()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite);
        await test.WriteAsync("zeros.jpg", [0, 0]);
        await test.WriteAsync("nan.jpg", [float.NaN, 0]);
        await test.WriteAsync("dimension.jpg", [1, 0], change: result => result with { Embedding = result.Embedding! with { Dimension = 3 } });
        await test.WriteAsync("any.jpg", [1, 0], change: result => result with { Embedding = result.Embedding! with { ETag = "*" } });
        await test.WriteAsync("header.jpg", [1, 0], change: result => result with { Embedding = result.Embedding! with { ETag = "\"a\r\nb: c\"" } });
        await test.WriteAsync("container.jpg", [1, 0], change: result => result with { Embedding = result.Embedding! with { Container = "others" } });
        await test.WriteAsync("way.jpg", [1, 0], change: result => result with { Embedding = result.Embedding! with { Name = $"../{result.Embedding.Container}/way.jpg.npy" } });
        await test.WriteAsync("none.jpg", [1, 0], change: result => result with { Embedding = null });
        foreach ((string name, byte[] file) in ((string, byte[])[])[("text.jpg", [1, 2, 3]), ("matrix.jpg", NpyFormat.Write(new EmbeddingMatrix([1, 0, 1, 0], 2, 2))), ("huge.jpg", new byte[2 << 20])])
        {
            string etag = (await test.PutAsync(test.Pipeline.Embeddings.Name, $"other/{name}.npy", file)).ToString("G");
            await test.WriteAsync(name, [1, 0], change: result => result with { Embedding = result.Embedding! with { Name = $"other/{name}.npy", ETag = etag } });
        }

        IndexSnapshot snapshot = await test.NextAsync();

        Assert.Equal((11, 0), (snapshot.Entries.Count, snapshot.Skipped));
        Assert.All(snapshot.Entries, entry => Assert.True(entry.Vector.IsEmpty, entry.Name));
    }

    [Fact]
    public async Task OfTooManyRecordsTheLastWrittenStay()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite, new SearchOptions { MaxPictures = 3 });
        foreach (string name in (string[])["d", "a", "c"])
        {
            await test.WriteAsync(name, [1, 0]);
        }

        Assert.False((await test.NextAsync()).Truncated);

        // Storage tells the time in whole seconds.
        await Task.Delay(TimeSpan.FromSeconds(1.1), Token);
        await test.WriteAsync("b", [1, 0]);
        await test.WriteAsync("e", [1, 0]);
        IndexSnapshot snapshot = await test.NextAsync();

        List<BlobItem> records = [];
        await foreach (BlobItem blob in test.Pipeline.ResultBlobs.GetBlobsAsync(new GetBlobsOptions(), Token))
        {
            records.Add(blob);
        }

        Assert.True(snapshot.Truncated);
        Assert.Equal(
            records.OrderByDescending(blob => blob.Properties.LastModified).ThenBy(blob => blob.Name, StringComparer.Ordinal).Take(3).Select(blob => blob.Name).Order(),
            snapshot.Entries.Select(entry => entry.Name + ".json").Order());
        Assert.NotNull(snapshot.Find("b"));
        Assert.NotNull(snapshot.Find("e"));

        await test.Pipeline.ResultBlobs.GetBlobClient("b.json").DeleteAsync(cancellationToken: Token);
        await test.Pipeline.ResultBlobs.GetBlobClient("e.json").DeleteAsync(cancellationToken: Token);
        snapshot = await test.NextAsync();
        Assert.False(snapshot.Truncated);
        Assert.Equal(["a", "c", "d"], snapshot.Entries.Select(entry => entry.Name).Order());
    }

    [Fact]
    public async Task ManyRecordsAreReadBeyondOnePageOfTheListing()
    {
        await using TestIndex test = await TestIndex.CreateAsync(azurite, new SearchOptions { Parallelism = 4 });
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), Token, async (i, _) => await test.WriteAsync($"{i:D3}.jpg", [i + 1, 100]));

        IndexSnapshot snapshot = await test.NextAsync();

        Assert.Equal(200, snapshot.Search("f", [1, 0], 10, 0, Token).Pictures);
        Assert.Equal(["199.jpg", "198.jpg"], snapshot.Search("f", [1, 0], 2, 0, Token).Hits.Select(hit => hit.Entry.Name));
    }
}
