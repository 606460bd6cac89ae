using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests.Uploads;

public sealed class UploadTaggerTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LeavesEmbeddingRecordAndTagsForAPicture()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("folder/disc one.jpg", TestPictures.Jpeg(1));

        UploadReport report = await pipeline.TagAsync(upload);

        Assert.Equal(UploadOutcome.Tagged, report.Outcome);
        UploadResult result = Assert.IsType<UploadResult>(await pipeline.ResultAsync("folder/disc one.jpg"));
        Assert.Equal(UploadState.Tagged, result.State);
        Assert.Equal(upload.ETag!.Value.ToString("G"), result.Source.ETag);
        Assert.Equal(5, result.Labels.Count);
        Assert.True(result.Labels.Zip(result.Labels.Skip(1)).All(pair => pair.First.Probability >= pair.Second.Probability));
        Assert.InRange(result.Labels.Sum(label => label.Probability), 0.01, 1.0001);
        Assert.Equal("demo", result.Model.Id);
        Assert.Equal(64, result.Model.Fingerprint.Length);

        BlobDownloadResult embedding = await pipeline.Embeddings.GetBlobClient("folder/disc one.jpg.npy").DownloadContentAsync(Token);
        Assert.Equal(128 + (4 * result.Embedding!.Dimension), embedding.Content.ToMemory().Length);
        Assert.Equal(embedding.Details.ETag.ToString("G"), result.Embedding.ETag);

        IDictionary<string, string> tags = await pipeline.TagsAsync("folder/disc one.jpg");
        Assert.Equal("tagged", tags["clip_state"]);
        Assert.Equal("demo", tags["clip_model"]);
        Assert.Equal(TagSlug.From(result.Labels[0].Label, result.Labels[0].Index), tags["clip_1"]);
        Assert.Equal(5, tags.Count);
    }

    [Fact]
    public async Task DoesNothingForAnEventThatComesTwice()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.png", TestPictures.Png(2));
        await pipeline.TagAsync(upload);
        UploadResult? first = await pipeline.ResultAsync("a.png");
        ETag record = await VersionAsync(pipeline, "a.png.json");

        UploadReport again = await pipeline.TagAsync(upload);

        Assert.Equal(UploadOutcome.AlreadyDone, again.Outcome);
        Assert.Equal(record, await VersionAsync(pipeline, "a.png.json"));
        Assert.Equal(first!.Time, (await pipeline.ResultAsync("a.png"))!.Time);
    }

    [Fact]
    public async Task DoesNotRunTheModelWhenTheSameBytesAreUploadedAgain()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        byte[] picture = TestPictures.Jpeg(3);
        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", picture));
        UploadResult first = (await pipeline.ResultAsync("a.jpg"))!;

        UploadEvent second = await pipeline.UploadAsync("a.jpg", picture);
        UploadReport report = await pipeline.TagAsync(second);

        Assert.Equal(UploadOutcome.Reused, report.Outcome);
        UploadResult now = (await pipeline.ResultAsync("a.jpg"))!;
        Assert.Equal(second.ETag!.Value.ToString("G"), now.Source.ETag);
        Assert.Equal(first.Labels, now.Labels);
        BlobProperties embedding = await pipeline.Embeddings.GetBlobClient("a.jpg.npy").GetPropertiesAsync(cancellationToken: Token);
        Assert.Equal(first.Embedding! with { ETag = embedding.ETag.ToString("G") }, now.Embedding);
        Assert.NotEqual(first.Embedding.ETag, now.Embedding!.ETag);
        Assert.Equal(0, now.Timings.EncodeMs);
        Assert.Equal("tagged", (await pipeline.TagsAsync("a.jpg"))["clip_state"]);
    }

    [Fact]
    public async Task TellsOfFastPixelsAndDoesNotReuseThemForExactOnes()
    {
        const string Name = "a.jpg";
        string containers = $"t{Guid.NewGuid():n}";
        byte[] picture = TestPictures.Jpeg(9);
        await using TestPipeline fast = await TestPipeline.CreateAsync(azurite, containers, ("Clip:Images:Mode", "fast"));
        await fast.TagAsync(await fast.UploadAsync(Name, picture));
        Assert.Equal(PreprocessingMode.Fast, (await fast.ResultAsync(Name))!.Preprocess);
        Assert.Contains("\"preprocess\": \"fast\"", await RecordAsync(fast, Name), StringComparison.Ordinal);
        Assert.Equal("fast", await OriginAsync(fast));
        Assert.Equal(UploadOutcome.Reused, (await fast.TagAsync(await fast.UploadAsync(Name, picture))).Outcome);

        await using TestPipeline exact = await TestPipeline.CreateAsync(azurite, containers);
        Assert.Equal(UploadOutcome.Tagged, (await exact.TagAsync(await exact.UploadAsync(Name, picture))).Outcome);
        Assert.Equal(PreprocessingMode.Exact, (await exact.ResultAsync(Name))!.Preprocess);
        Assert.DoesNotContain("preprocess\"", await RecordAsync(exact, Name), StringComparison.Ordinal);
        Assert.Equal("exact", await OriginAsync(exact));

        static async Task<string> RecordAsync(TestPipeline pipeline, string name) =>
            (await pipeline.ResultBlobs.GetBlobClient(name + ".json").DownloadContentAsync(Token)).Value.Content.ToString();

        static async Task<string> OriginAsync(TestPipeline pipeline) =>
            (await pipeline.Embeddings.GetBlobClient(Name + ".npy").GetPropertiesAsync(cancellationToken: Token)).Value.Metadata["preprocess"];
    }

    [Fact]
    public async Task DoesNotReuseARecordWhoseEmbeddingALateWorkerHasReplaced()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        byte[] picture = TestPictures.Jpeg(30);
        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", picture));
        byte[] right = await EmbeddingAsync(pipeline);
        await pipeline.Embeddings.GetBlobClient("a.jpg.npy").UploadAsync(BinaryData.FromString("of another picture"), overwrite: true, Token);

        UploadReport report = await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", picture));

        Assert.Equal(UploadOutcome.Tagged, report.Outcome);
        Assert.Equal(right, await EmbeddingAsync(pipeline));
    }

    [Fact]
    public async Task KeepsEmbeddingAndRecordTogetherWhenTwoPicturesTakeTurnsUnderOneName()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        byte[][] pictures = [TestPictures.Jpeg(31), TestPictures.Jpeg(32)];
        byte[][] right = new byte[2][];
        for (int i = 0; i < 2; i++)
        {
            await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", pictures[i]));
            right[i] = await EmbeddingAsync(pipeline);
        }

        for (int round = 0; round < 5; round++)
        {
            List<Task<UploadReport>> work = [];
            int last = 0;
            for (int i = 0; i < 7 + (round % 2); i++)
            {
                last = i % 2;
                work.Add(pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", pictures[last])));
            }

            await Task.WhenAll(work);

            UploadResult result = (await pipeline.ResultAsync("a.jpg"))!;
            BlobProperties upload = await pipeline.Uploads.GetBlobClient("a.jpg").GetPropertiesAsync(cancellationToken: Token);
            BlobProperties embedding = await pipeline.Embeddings.GetBlobClient("a.jpg.npy").GetPropertiesAsync(cancellationToken: Token);
            Assert.Equal(upload.ETag.ToString("G"), result.Source.ETag);
            Assert.Equal(embedding.ETag.ToString("G"), result.Embedding!.ETag);
            Assert.Equal(right[last], await EmbeddingAsync(pipeline));
        }
    }

    [Fact]
    public async Task TagsANewVersionAnew()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(4)));
        UploadResult first = (await pipeline.ResultAsync("a.jpg"))!;

        UploadReport report = await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(5)));

        Assert.Equal(UploadOutcome.Tagged, report.Outcome);
        UploadResult now = (await pipeline.ResultAsync("a.jpg"))!;
        Assert.NotEqual(first.Source.Sha256, now.Source.Sha256);
        Assert.NotEqual(first.Embedding!.ETag, now.Embedding!.ETag);
    }

    [Fact]
    public async Task TagsAnewForAnotherLabelSet()
    {
        string containers = $"t{Guid.NewGuid():n}";
        await using TestPipeline one = await TestPipeline.CreateAsync(azurite, containers);
        await using TestPipeline two = await TestPipeline.CreateAsync(azurite, containers, ("Clip:Labels:0", "a cat"), ("Clip:Labels:1", "a dog"));
        UploadEvent upload = await one.UploadAsync("a.jpg", TestPictures.Jpeg(6));
        await one.TagAsync(upload);

        UploadReport report = await two.TagAsync(upload);

        Assert.Equal(UploadOutcome.Tagged, report.Outcome);
        Assert.Equal(["a cat", "a dog"], report.Result!.Labels.Select(label => label.Label).Order());
        Assert.Equal(1, report.Result.Labels.Sum(label => label.Probability), 4);
    }

    [Fact]
    public async Task TakesConfiguredTemplatesInPlaceOfTheDefaultOne()
    {
        // {} alone as template makes the label the whole prompt: labels that spell the default prompt out give the same set of vectors.
        await using TestPipeline spelled = await TestPipeline.CreateAsync(
            azurite, null, ("Clip:Labels:0", "a photo of a cat."), ("Clip:Labels:1", "a photo of a dog."), ("Clip:Templates:0", "{}"));
        await using TestPipeline standard = await TestPipeline.CreateAsync(azurite, null, ("Clip:Labels:0", "cat"), ("Clip:Labels:1", "dog"));
        byte[] picture = TestPictures.Jpeg(22);

        UploadReport one = await spelled.TagAsync(await spelled.UploadAsync("a.jpg", picture));
        UploadReport two = await standard.TagAsync(await standard.UploadAsync("a.jpg", picture));

        Assert.Equal(two.Result!.Labels.Select(label => label.Index), one.Result!.Labels.Select(label => label.Index));
        Assert.Equal(two.Result.Labels[0].Logit, one.Result.Labels[0].Logit, 3);
    }

    [Fact]
    public async Task KeepsTheTagsThatAnUploadBrought()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(7), new Dictionary<string, string> { ["album"] = "holiday 2026" });

        await pipeline.TagAsync(upload);

        IDictionary<string, string> tags = await pipeline.TagsAsync("a.jpg");
        Assert.Equal("holiday 2026", tags["album"]);
        Assert.Equal("tagged", tags["clip_state"]);
    }

    [Fact]
    public async Task RestoresTagsThatWereNotWrittenBeforeACrash()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(8));
        await pipeline.TagAsync(upload);
        await pipeline.Uploads.GetBlobClient("a.jpg").SetTagsAsync(new Dictionary<string, string>(), cancellationToken: Token);

        UploadReport report = await pipeline.TagAsync(upload);

        Assert.Equal(UploadOutcome.AlreadyDone, report.Outcome);
        Assert.Equal("tagged", (await pipeline.TagsAsync("a.jpg"))["clip_state"]);
    }

    [Fact]
    public async Task GoesOnWhereACrashLeftAnEmbeddingWithoutARecord()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(9));
        await pipeline.Embeddings.GetBlobClient("a.jpg.npy").UploadAsync(BinaryData.FromString("half of an older one"), Token);

        UploadReport report = await pipeline.TagAsync(upload);

        Assert.Equal(UploadOutcome.Tagged, report.Outcome);
        BlobProperties embedding = await pipeline.Embeddings.GetBlobClient("a.jpg.npy").GetPropertiesAsync(cancellationToken: Token);
        Assert.Equal(report.Result!.Embedding!.ETag, embedding.ETag.ToString("G"));
        Assert.Equal(128 + (4 * report.Result.Embedding.Dimension), embedding.ContentLength);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"state":"tagged","source":null,"model":null,"labelSet":null,"timings":null,"time":"2026-01-01T00:00:00Z"}""")]
    public async Task ReplacesARecordThatIsNotARecord(string json)
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(10));
        await pipeline.ResultBlobs.GetBlobClient("a.jpg.json").UploadAsync(BinaryData.FromString(json), Token);

        Assert.Equal(UploadOutcome.Tagged, (await pipeline.TagAsync(upload)).Outcome);
        Assert.NotNull(await pipeline.ResultAsync("a.jpg"));
    }

    [Fact]
    public async Task LeavesAChangedBlobToItsOwnEvent()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent old = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(11));
        await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(12));

        Assert.Equal(UploadOutcome.Superseded, (await pipeline.TagAsync(old)).Outcome);
        Assert.Null(await pipeline.ResultAsync("a.jpg"));
    }

    [Fact]
    public async Task LeavesADeletedBlobAlone()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(13));
        await pipeline.Uploads.GetBlobClient("a.jpg").DeleteAsync(cancellationToken: Token);

        Assert.Equal(UploadOutcome.Gone, (await pipeline.TagAsync(upload)).Outcome);
    }

    [Fact]
    public async Task TakesThePresentVersionWhereTheEventNamesNone()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(14));

        UploadReport report = await pipeline.TagAsync(upload with { ETag = null });

        Assert.Equal(upload.ETag!.Value.ToString("G"), report.Result!.Source.ETag);
    }

    [Fact]
    public async Task LeavesOneRecordWhenManyWorkersGetTheSameEvent()
    {
        string containers = $"t{Guid.NewGuid():n}";
        await using TestPipeline one = await TestPipeline.CreateAsync(azurite, containers);
        await using TestPipeline two = await TestPipeline.CreateAsync(azurite, containers);
        UploadEvent upload = await one.UploadAsync("a.jpg", TestPictures.Jpeg(15));

        UploadReport[] reports = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => (i % 2 == 0 ? one : two).TagAsync(upload)));

        Assert.Single(reports, report => report.Outcome == UploadOutcome.Tagged);
        Assert.Equal(15, reports.Count(report => report.Outcome == UploadOutcome.AlreadyDone));
        BlobProperties embedding = await one.Embeddings.GetBlobClient("a.jpg.npy").GetPropertiesAsync(cancellationToken: Token);
        Assert.Equal((await one.ResultAsync("a.jpg"))!.Embedding!.ETag, embedding.ETag.ToString("G"));
    }

    [Fact]
    public async Task EndsWithTheLastVersionHoweverEventsAndUploadsInterleave()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        List<Task<UploadReport>> work = [];
        UploadEvent last = new("a.jpg");
        for (int i = 0; i < 12; i++)
        {
            last = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(100 + i));
            work.Add(pipeline.TagAsync(last));
            work.Add(pipeline.TagAsync(last));
        }

        await Task.WhenAll(work);

        UploadResult result = (await pipeline.ResultAsync("a.jpg"))!;
        Assert.Equal(last.ETag!.Value.ToString("G"), result.Source.ETag);
        IDictionary<string, string> tags = await pipeline.TagsAsync("a.jpg");
        Assert.Equal(TagSlug.From(result.Labels[0].Label, result.Labels[0].Index), tags["clip_1"]);
        BlobProperties embedding = await pipeline.Embeddings.GetBlobClient("a.jpg.npy").GetPropertiesAsync(cancellationToken: Token);
        Assert.Equal(result.Embedding!.ETag, embedding.ETag.ToString("G"));
    }

    public static TheoryData<string, string> BadPictures() => new()
    {
        { "text.jpg", "UnsupportedFormat" },
        { "truncated.jpg", "Truncated" },
        { "huge-header.png", "TooManyPixels" },
        { "too-large.png", "TooManyBytes" },
        { "empty.png", "Empty" },
    };

    [Theory]
    [MemberData(nameof(BadPictures))]
    public async Task RecordsWhyAPictureCannotBeTaggedAndGoesOn(string name, string reason)
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);

        UploadReport report = await pipeline.TagAsync(await pipeline.UploadAsync(name, BadPicture(name)));

        Assert.Equal(UploadOutcome.Failed, report.Outcome);
        UploadResult result = (await pipeline.ResultAsync(name))!;
        Assert.Equal(UploadState.Failed, result.State);
        Assert.NotEmpty(result.Failure!.Message);
        Assert.Equal(reason, result.Failure.Reason);
        Assert.Null(result.Embedding);
        Assert.Equal("failed", (await pipeline.TagsAsync(name))["clip_state"]);
        Assert.Equal(UploadOutcome.AlreadyDone, (await pipeline.TagAsync(new UploadEvent(name))).Outcome);

        Assert.Equal(UploadOutcome.Tagged, (await pipeline.TagAsync(await pipeline.UploadAsync("next.jpg", TestPictures.Jpeg(16)))).Outcome);
    }

    [Fact]
    public async Task RemovesTheEmbeddingOfAPictureThatWasReplacedByABadOne()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(17)));

        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", Encoding.UTF8.GetBytes("no picture any more")));

        Assert.False(await pipeline.Embeddings.GetBlobClient("a.jpg.npy").ExistsAsync(Token));
        Assert.Equal(UploadState.Failed, (await pipeline.ResultAsync("a.jpg"))!.State);
    }

    [Fact]
    public async Task ThrowsWhatMayPassSoThatTheHostTriesAgain()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(18));
        await pipeline.ResultBlobs.DeleteAsync(cancellationToken: Token);

        await Assert.ThrowsAnyAsync<RequestFailedException>(() => pipeline.TagAsync(upload));
        Assert.Empty(await pipeline.TagsAsync("a.jpg"));

        await pipeline.ResultBlobs.CreateIfNotExistsAsync(cancellationToken: Token);
        Assert.Equal(UploadOutcome.Tagged, (await pipeline.TagAsync(upload)).Outcome);
    }

    [Fact]
    public async Task StopsWhenCancelled()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(19));
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pipeline.Tagger.TagAsync(upload, cancelled.Token));
        Assert.Null(await pipeline.ResultAsync("a.jpg"));
    }

    private static async Task<byte[]> EmbeddingAsync(TestPipeline pipeline) =>
        (await pipeline.Embeddings.GetBlobClient("a.jpg.npy").DownloadContentAsync(Token)).Value.Content.ToArray();

    private static byte[] BadPicture(string name) => name switch
    {
        "text.jpg" => Encoding.UTF8.GetBytes("This is no picture."),
        "truncated.jpg" => TestPictures.Jpeg(20)[..^400],
        "huge-header.png" => PngHeader(1, 500_000_000),
        "too-large.png" => [.. TestPictures.Png(21), .. new byte[40 << 20]],
        "empty.png" => [],
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    /// <summary>Signature and IHDR of an 8-bit RGB PNG, and nothing behind them.</summary>
    private static byte[] PngHeader(int width, int height)
    {
        byte[] png = [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R', 0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc32(png.AsSpan(12, 17)));
        return png;
    }

    private static uint Crc32(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }

    private static async Task<ETag> VersionAsync(TestPipeline pipeline, string record) =>
        (await pipeline.ResultBlobs.GetBlobClient(record).GetPropertiesAsync(cancellationToken: Token)).Value.ETag;
}
