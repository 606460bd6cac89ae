using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching.Tests.Batching;

public sealed class ModelEncoderTests
{
    private static readonly string Samples = Path.Combine(RepositoryPaths.Root, "samples");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GivesTheVectorsOfTheModelItself()
    {
        await using ModelCache cache = Cache();
        using ModelLease lease = await cache.LeaseAsync("demo", Token);
        byte[][] pictures = [.. Directory.GetFiles(Samples).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        EmbeddingMatrix expected = lease.Model.EncodeImage([.. pictures.Select(picture => new ReadOnlyMemory<byte>(picture))], Token);

        EncodedPicture[] actual = await Task.WhenAll(Enumerable.Range(0, 8 * pictures.Length).Select(i => lease.Encoder.EncodeImageAsync(pictures[i % pictures.Length], QueueAdmission.IfRoom, Token)));

        for (int i = 0; i < actual.Length; i++)
        {
            AssertClose(expected[i % pictures.Length], actual[i].Vector.Span);
        }

        Assert.Equal(0, lease.Encoder.PendingImages);
    }

    [Fact]
    public async Task GivesTheTextsOfManyCallersTheirOwnVectors()
    {
        await using ModelCache cache = Cache();
        using ModelLease lease = await cache.LeaseAsync("demo", Token);
        ClipModel model = lease.Model;
        string[] texts = ["a", "a cat", "a photo of a large red pizza", "", "a dog and a cat and a dog"];
        EmbeddingMatrix expected = model.EncodeText(texts, cancellationToken: Token);

        // Rows of other lengths than the context are padded.
        EmbeddingMatrix[] actual = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => lease.Encoder.EncodeTextAsync(
            model.Tokenizer.Tokenize([texts[i % texts.Length], texts[(i + 1) % texts.Length]], i % 2 == 0 ? model.ContextLength : 14), QueueAdmission.IfRoom, Token)));

        for (int i = 0; i < actual.Length; i++)
        {
            AssertClose(expected[i % texts.Length], actual[i][0]);
            AssertClose(expected[(i + 1) % texts.Length], actual[i][1]);
        }

        Assert.Equal(0, lease.Encoder.PendingTexts);
    }

    [Fact]
    public async Task ABadPictureFailsAloneAmongItsNeighbours()
    {
        await using ModelCache cache = Cache();
        using ModelLease lease = await cache.LeaseAsync("demo", Token);
        byte[] good = await File.ReadAllBytesAsync(Path.Combine(Samples, "cat.jpg"), Token);

        IReadOnlyList<PictureOutcome> outcomes = await lease.Encoder.EncodeImagesAsync([good, new byte[] { 1, 2, 3 }, good.AsMemory(0, good.Length / 2), good, default], QueueAdmission.IfRoom, Token);

        Assert.Equal([true, false, false, true, false], outcomes.Select(outcome => outcome.Picture is not null));
        Assert.IsType<UnsupportedImageFormatException>(outcomes[1].Fault);
        Assert.IsType<TruncatedImageException>(outcomes[2].Fault);
        Assert.IsType<EmptyImageException>(outcomes[4].Fault);
        Assert.Equal(0, lease.Encoder.PendingImages);
    }

    [Fact]
    public async Task ACancelledPictureLeavesNothingBehind()
    {
        await using ModelCache cache = Cache();
        using ModelLease lease = await cache.LeaseAsync("demo", Token);
        byte[] good = await File.ReadAllBytesAsync(Path.Combine(Samples, "cat.jpg"), Token);
        using CancellationTokenSource cancellation = new();

        Task<EncodedPicture>[] cancelled = [.. Enumerable.Range(0, 50).Select(_ => lease.Encoder.EncodeImageAsync(good, QueueAdmission.IfRoom, cancellation.Token))];
        await cancellation.CancelAsync();
        await Task.WhenAll(cancelled).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.All(cancelled, task => Assert.True(task.IsCanceled || task.IsCompletedSuccessfully));
        Assert.Equal(0, lease.Encoder.PendingImages);
        Assert.Equal(lease.Model.EmbeddingDimension, (await lease.Encoder.EncodeImageAsync(good, QueueAdmission.IfRoom, Token)).Vector.Length);
    }

    [Fact]
    public async Task TurnsPicturesAwayBeforeTheyAreDecodedWhenTheQueueIsFull()
    {
        await using ModelCache cache = Cache(new BatchingOptions { MaxQueuedImages = 2, Decoders = 1 });
        using ModelLease lease = await cache.LeaseAsync("demo", Token);
        byte[] good = await File.ReadAllBytesAsync(Path.Combine(Samples, "cat.jpg"), Token);

        Task<IReadOnlyList<PictureOutcome>> many = lease.Encoder.EncodeImagesAsync([.. Enumerable.Repeat<ReadOnlyMemory<byte>>(good, 200)], QueueAdmission.IfRoom, Token);
        BatchQueueFullException full = await Assert.ThrowsAsync<BatchQueueFullException>(() => lease.Encoder.EncodeImageAsync(good, QueueAdmission.IfRoom, Token));

        Assert.Equal(2, full.Limit);
        Assert.Equal(lease.Model.EmbeddingDimension, (await lease.Encoder.EncodeImageAsync(good, QueueAdmission.Always, Token)).Vector.Length);
        Assert.All(await many, outcome => Assert.NotNull(outcome.Picture));
    }

    private static ModelCache Cache(BatchingOptions? batching = null) => new(
        new ModelCacheOptions
        {
            CacheDirectory = Path.Combine(Path.GetTempPath(), "none"),
            CacheOptimizedGraphs = false,
            Batching = batching ?? new BatchingOptions(),
        },
        NullLogger<ModelCache>.Instance);

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            // Batches of other sizes add in another order; the demo model's vectors are some hundred long.
            Assert.Equal(expected[i], actual[i], 1e-3f);
        }
    }
}
