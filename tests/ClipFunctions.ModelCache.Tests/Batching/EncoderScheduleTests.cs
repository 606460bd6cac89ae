using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Testing;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching.Tests.Batching;

/// <summary>The shipped model behind the batchers, in random schedules of pictures, texts, damage and cancellations.</summary>
public sealed class EncoderScheduleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private enum Kind
    {
        Picture,
        Pictures,
        Text,
        Damaged,
    }

    [Fact]
    public async Task EachGetsItsOwnVectorItsOwnFaultOrItsOwnCancellation()
    {
        await using ModelCache cache = new(
            [DirectoryModelSource.Embedded],
            new ModelCacheOptions { CacheOptimizedGraphs = false, Batching = new BatchingOptions { MaxImages = 4, Decoders = 2, MaxDelay = TimeSpan.FromMilliseconds(2) } },
            NullLogger<ModelCache>.Instance);
        byte[][] pictures = [.. Directory.GetFiles(Path.Combine(RepositoryPaths.Root, "samples")).Order(StringComparer.Ordinal).Take(6).Select(File.ReadAllBytes)];
        string[] texts = ["a cat", "a photo of a large red pizza", "", "a dog and a cat and a dog"];
        EmbeddingMatrix ofPictures;
        EmbeddingMatrix ofTexts;
        using (ModelLease lease = await cache.LeaseAsync("demo", Token))
        {
            ofPictures = lease.Model.EncodeImage([.. pictures.Select(picture => new ReadOnlyMemory<byte>(picture))], Token);
            ofTexts = lease.Model.EncodeText(texts, cancellationToken: Token);
        }

        // Milliseconds after which the caller leaves; 20 and more for never.
        await Gen.Select(Gen.Enum<Kind>(), Gen.Int[0, 100], Gen.Int[0, 40]).Array[1, 24].SampleAsync(
            async requests =>
            {
                await Task.WhenAll(requests.Select(request => Task.Run(() => AskAsync(request.Item1, request.Item2, request.Item3 < 20 ? request.Item3 : null)))).WaitAsync(Patience);
                using ModelLease after = await cache.LeaseAsync("demo", Token);
                Assert.Equal((0, 0), (after.Encoder.PendingImages, after.Encoder.PendingTexts));
                Assert.Equal(1, Assert.Single(cache.LoadedModels).Leases);
                Assert.False(after.Model.IsFaulted);
            },
            iter: 40,
            threads: 1);

        async Task AskAsync(Kind kind, int which, int? leavesAfter)
        {
            using CancellationTokenSource cancellation = new();
            using ModelLease lease = await cache.LeaseAsync("demo", Token);
            if (leavesAfter is { } milliseconds)
            {
                cancellation.CancelAfter(milliseconds);
            }

            byte[] picture = pictures[which % pictures.Length];
            try
            {
                switch (kind)
                {
                    case Kind.Picture:
                        AssertIs(ofPictures, which % pictures.Length, (await lease.Encoder.EncodeImageAsync(picture, QueueAdmission.Always, cancellation.Token)).Vector.Span);
                        break;
                    case Kind.Pictures:
                        IReadOnlyList<PictureOutcome> outcomes = await lease.Encoder.EncodeImagesAsync([picture, picture.AsMemory(0, picture.Length / 2), picture], QueueAdmission.Always, cancellation.Token);
                        AssertIs(ofPictures, which % pictures.Length, outcomes[0].Picture!.Vector.Span);
                        Assert.IsAssignableFrom<ImageException>(outcomes[1].Fault);
                        AssertIs(ofPictures, which % pictures.Length, outcomes[2].Picture!.Vector.Span);
                        break;
                    case Kind.Text:
                        int row = which % texts.Length;
                        EmbeddingMatrix matrix = await lease.Encoder.EncodeTextAsync(lease.Model.Tokenizer.Tokenize([texts[row], texts[(row + 1) % texts.Length]], lease.Model.ContextLength), QueueAdmission.Always, cancellation.Token);
                        AssertIs(ofTexts, row, matrix[0]);
                        AssertIs(ofTexts, (row + 1) % texts.Length, matrix[1]);
                        break;
                    default:
                        await lease.Encoder.EncodeImageAsync(picture.AsMemory(0, picture.Length / 2), QueueAdmission.Always, cancellation.Token);
                        Assert.Fail("Half a picture has a vector.");
                        break;
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // Its own.
            }
            catch (ImageException) when (kind == Kind.Damaged)
            {
                // Likewise.
            }
        }
    }

    private static void AssertIs(EmbeddingMatrix expected, int row, ReadOnlySpan<float> actual)
    {
        for (int i = 0; i < actual.Length; i++)
        {
            // Batches of other sizes add in another order; the demo model's vectors are some hundred long.
            Assert.Equal(expected[row][i], actual[i], 1e-3f);
        }
    }
}
