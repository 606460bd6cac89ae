using System.Net;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;
using CsCheck;

namespace ClipFunctions.Pipeline.Tests.Uploads;

/// <summary>Uploads whose names lead elsewhere once they stand in an address.</summary>
public sealed class HostileNameTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("../{0}/a.jpg")]
    [InlineData("x/../../{0}/a.jpg")]
    [InlineData("./../{0}/a.jpg")]
    public async Task NothingIsReadOrWrittenOutsideTheContainersOfUploads(string name)
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        BlobContainerClient other = pipeline.Blobs(pipeline.Layout.Models);
        await other.CreateIfNotExistsAsync(cancellationToken: Token);
        await other.GetBlobClient("a.jpg").UploadAsync(new BinaryData(TestPictures.Jpeg(1)), Token);
        string hostile = string.Format(System.Globalization.CultureInfo.InvariantCulture, name, other.Name);

        UploadReport report = await pipeline.TagAsync(new UploadEvent(hostile));

        Assert.Equal((UploadOutcome.Unreachable, null), (report.Outcome, report.Result));
        Assert.Equal(["a.jpg"], await NamesAsync(other));
        Assert.Empty(await NamesAsync(pipeline.ResultBlobs));
        Assert.Empty(await NamesAsync(pipeline.Embeddings));
        Assert.Empty((await other.GetBlobClient("a.jpg").GetTagsAsync(cancellationToken: Token)).Value.Tags);
    }

    [Fact]
    public async Task WhoMaySendEscapedNamesGainsNothingByThem()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        BlobContainerClient other = pipeline.Blobs(pipeline.Layout.Models);
        await other.CreateIfNotExistsAsync(cancellationToken: Token);
        using HttpClient http = new();
        Uri signed = pipeline.Uploads.GenerateSasUri(BlobContainerSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1));

        // Storage may refuse it; where it takes it, it is listed as what it is.
        string address = $"{pipeline.Uploads.Uri.AbsoluteUri}/..%2F{other.Name}%2Fa.jpg{signed.Query}";
        using HttpRequestMessage request = new(HttpMethod.Put, new Uri(address)) { Content = new ByteArrayContent(TestPictures.Jpeg(1)) };
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage answer = await http.SendAsync(request, Token);
        string[] listed = await NamesAsync(pipeline.Uploads);
        Assert.Equal(answer.StatusCode == HttpStatusCode.Created ? 1 : 0, listed.Length + (await NamesAsync(other)).Length);
        foreach (string name in listed)
        {
            await pipeline.TagAsync(new UploadEvent(name));
            await pipeline.Get<UploadRetagger>().RunAsync(new RetagOptions { Force = true }, null, Token);
        }

        Assert.DoesNotContain(await NamesAsync(other), name => name != "a.jpg");
        Assert.Equal(listed.Length, (await NamesAsync(pipeline.Uploads)).Length);
    }

    [Fact]
    public void ANameThatLeadsIntoTheContainerIsTheNameOfTheBlobThatIsAsked()
    {
        BlobContainerClient container = new(new Uri("https://account.blob.core.windows.net/uploads"));
        Assert.True(BlobPath.LeadsInto(container, "folder/disc one.jpg"));
        Assert.True(BlobPath.LeadsInto(container, "50 %.jpg"));
        Assert.True(BlobPath.LeadsInto(container, "a..b/..c"));
        Assert.False(BlobPath.LeadsInto(container, "../models/x"));
        Assert.False(BlobPath.LeadsInto(container, ".."));
        Gen.OneOf(Gen.Const(".."), Gen.Const("."), Gen.Const("/"), Gen.Const("\\"), Gen.Const("%2e"), Gen.Const("%2F"), Gen.Const("?"), Gen.Const("#"), Gen.String[Gen.Char['\u0001', '\u0200'], 0, 3]).Array[1, 8].Select(string.Concat)
            .Where(name => name.Length > 0)
            .Sample(
                name =>
                {
                    if (BlobPath.LeadsInto(container, name))
                    {
                        Uri address = container.GetBlobClient(name).Uri;
                        Assert.StartsWith("/uploads/", address.AbsolutePath, StringComparison.Ordinal);
                        Assert.Equal(name, Uri.UnescapeDataString(address.AbsolutePath["/uploads/".Length..]));
                        Assert.Equal("", address.Query + address.Fragment);
                    }
                },
                iter: 5000);
    }

    private static async Task<string[]> NamesAsync(BlobContainerClient container)
    {
        List<string> names = [];
        await foreach (BlobItem blob in container.GetBlobsAsync(new GetBlobsOptions(), Token))
        {
            names.Add(blob.Name);
        }

        return [.. names];
    }
}
