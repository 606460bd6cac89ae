using System.Text.Json;
using Azure;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Pipeline.Tests.Uploads;

public sealed class ConditionalReadTests(AzuriteServer azurite)
{
    private const long MaxBytes = 1 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ARecordIsReadAsItStands()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.TagAsync(await pipeline.UploadAsync("a/b.jpg", TestPictures.Jpeg(1)));

        StoredBytes record = (await pipeline.Results.ReadBytesAsync("a/b.jpg", null, Token))!;

        Assert.False(record.IsNotModified);
        Assert.Equal("a/b.jpg", JsonDocument.Parse(record.Content).RootElement.GetProperty("source").GetProperty("name").GetString());
        Assert.Equal((await pipeline.Results.ReadAsync("a/b.jpg", Token)).ETag, record.ETag);
    }

    [Fact]
    public async Task ARecordThatIsKnownIsNotReadAgain()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(1)));
        ETag known = (await pipeline.Results.ReadBytesAsync("a.jpg", null, Token))!.ETag;

        StoredBytes same = (await pipeline.Results.ReadBytesAsync("a.jpg", known, Token))!;
        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(2)));
        StoredBytes other = (await pipeline.Results.ReadBytesAsync("a.jpg", known, Token))!;

        Assert.True(same.IsNotModified);
        Assert.Equal(known, same.ETag);
        Assert.Throws<InvalidOperationException>(() => same.Content);
        Assert.False(other.IsNotModified);
        Assert.NotEqual(known, other.ETag);
        Assert.NotEqual(0, other.Content.ToMemory().Length);
    }

    [Fact]
    public async Task WhereThereIsNoRecordNothingIsRead()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.ResultBlobs.GetBlobClient("huge.jpg.json").UploadAsync(new BinaryData(new byte[2 << 20]), Token);

        Assert.Null(await pipeline.Results.ReadBytesAsync("a.jpg", null, Token));
        Assert.Null(await pipeline.Results.ReadBytesAsync("a.jpg", new ETag("\"0x1\""), Token));
        Assert.Null(await pipeline.Results.ReadBytesAsync("huge.jpg", null, Token));
    }

    [Fact]
    public async Task AnUploadIsReadAsItStands()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        UploadEvent upload = await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(1));

        using UploadContent content = (await Reader(pipeline).ReadAsync("a.jpg", null, MaxBytes, Token))!;

        Assert.Equal((upload.ETag, false, false), (content.ETag, content.IsNotModified, content.IsOverLimit));
        Assert.Equal(TestPictures.Jpeg(1), content.Bytes.ToArray());
    }

    [Fact]
    public async Task AnUploadThatIsKnownIsNotReadAgain()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        ETag known = (await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(1))).ETag!.Value;

        using UploadContent same = (await Reader(pipeline).ReadAsync("a.jpg", known, MaxBytes, Token))!;
        await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(2));
        using UploadContent other = (await Reader(pipeline).ReadAsync("a.jpg", known, MaxBytes, Token))!;

        Assert.Equal((known, true, false), (same.ETag, same.IsNotModified, same.IsOverLimit));
        Assert.Throws<InvalidOperationException>(() => same.Bytes);
        Assert.False(other.IsNotModified);
        Assert.Equal(TestPictures.Jpeg(2), other.Bytes.ToArray());
    }

    [Fact]
    public async Task AnUploadThatIsTooLargeOrGoneIsNotRead()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.UploadAsync("a.jpg", new byte[1000]);

        using UploadContent large = (await Reader(pipeline).ReadAsync("a.jpg", null, 999, Token))!;

        Assert.Equal((true, 1000), (large.IsOverLimit, large.Size));
        Assert.Null(await Reader(pipeline).ReadAsync("b.jpg", null, MaxBytes, Token));
        Assert.Null(await Reader(pipeline).ReadAsync("b.jpg", new ETag("\"0x1\""), MaxBytes, Token));
    }

    private static UploadReader Reader(TestPipeline pipeline) => pipeline.Services.GetRequiredService<UploadReader>();
}
