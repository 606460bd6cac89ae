using System.Net;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues.Models;
using ClipFunctions.LocalHost.BlobTrigger;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests;

public sealed class LocalHostTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TagsWhatIsUploadedBeforeAndAfterItsStart()
    {
        HostContainers containers = new(azurite);
        await containers.UploadAsync("before.jpg", TestPictures.Jpeg(1));
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(containers.Arguments);
        await containers.UploadAsync("after.png", TestPictures.Png(2));

        await containers.UntilTaggedAsync(2, host);

        Assert.Equal(UploadState.Tagged, (await containers.ResultAsync("before.jpg"))!.State);
        Assert.Equal(UploadState.Tagged, (await containers.ResultAsync("after.png"))!.State);
    }

    [Fact]
    public async Task NeitherLosesNorDoublesAPictureWhenKilledAmidTwoHundredUploads()
    {
        const int Pictures = 200;
        HostContainers containers = new(azurite);
        Dictionary<string, ETag> uploaded = new(StringComparer.Ordinal);
        await using (LocalHostProcess first = await LocalHostProcess.StartAsync(containers.Arguments))
        {
            Task uploading = Task.Run(
                async () =>
                {
                    for (int i = 0; i < Pictures; i++)
                    {
                        uploaded[$"{i:d3}.jpg"] = await containers.UploadAsync($"{i:d3}.jpg", TestPictures.Jpeg(i));
                    }
                },
                Token);
            await containers.UntilTaggedAsync(Pictures / 10, first);
            await first.KillAsync();
            await uploading;
        }

        int doneBefore = (await containers.TaggedAsync()).Count;
        Assert.InRange(doneBefore, 1, Pictures - 1);
        Dictionary<string, ETag> recordsBefore = await VersionsAsync(containers);

        await using LocalHostProcess second = await LocalHostProcess.StartAsync(containers.Arguments);
        await containers.UntilTaggedAsync(Pictures, second);
        await HostContainers.UntilAsync(
            async () => (await containers.TriggerQueue.GetPropertiesAsync(Token)).Value.ApproximateMessagesCount == 0, second);

        Dictionary<string, ETag> records = await VersionsAsync(containers);
        Assert.Equal(uploaded.Keys.Select(name => name + ".json").Order(StringComparer.Ordinal), records.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, ETag etag) in uploaded)
        {
            UploadResult result = (await containers.ResultAsync(name))!;
            Assert.Equal(etag.ToString("G"), result.Source.ETag);
            BlobProperties embedding = await containers.Embeddings.GetBlobClient(name + ".npy").GetPropertiesAsync(cancellationToken: Token);
            Assert.Equal(result.Embedding!.ETag, embedding.ETag.ToString("G"));
        }

        // What was recorded before the kill has not been written again.
        Assert.All(recordsBefore, record => Assert.Equal(record.Value, records[record.Key]));
    }

    [Fact]
    public async Task DoesNotGoOverDoneWorkAfterARestart()
    {
        HostContainers containers = new(azurite);
        await containers.UploadAsync("a.jpg", TestPictures.Jpeg(3));
        await using (LocalHostProcess first = await LocalHostProcess.StartAsync(containers.Arguments))
        {
            // The tags come before the message goes: killed in between, a host leaves it to the next one, rightly.
            await containers.UntilTaggedAsync(1, first);
            await HostContainers.UntilAsync(
                async () => (await containers.TriggerQueue.GetPropertiesAsync(Token)).Value.ApproximateMessagesCount == 0, first);
        }

        await using LocalHostProcess second = await LocalHostProcess.StartAsync(containers.Arguments);
        await containers.UploadAsync("b.jpg", TestPictures.Jpeg(4));
        await containers.UntilTaggedAsync(2, second);

        await HostContainers.UntilAsync(() => Task.FromResult(second.Output.Contains("b.jpg", StringComparison.Ordinal)), second);
        Assert.DoesNotContain("a.jpg", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RecordsBadPicturesAndTagsTheNextOne()
    {
        HostContainers containers = new(azurite);
        await containers.UploadAsync("text.jpg", Encoding.UTF8.GetBytes("no picture"));
        await containers.UploadAsync("truncated.jpg", TestPictures.Jpeg(5)[..^300]);
        await containers.UploadAsync("empty.jpg", []);
        await containers.UploadAsync("large.jpg", new byte[40 << 20]);
        await containers.UploadAsync("good.jpg", TestPictures.Jpeg(6));
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(containers.Arguments);

        await containers.UntilTaggedAsync(5, host);

        Dictionary<string, IDictionary<string, string>> tagged = await containers.TaggedAsync();
        Assert.Equal("tagged", tagged["good.jpg"]["clip_state"]);
        foreach (string name in (string[])["text.jpg", "truncated.jpg", "empty.jpg", "large.jpg"])
        {
            Assert.Equal("failed", tagged[name]["clip_state"]);
            Assert.NotEmpty((await containers.ResultAsync(name))!.Failure!.Reason);
        }

        Assert.Equal(HttpStatusCode.OK, await host.GetAsync("api/health/ready"));
    }

    [Fact]
    public async Task PutsAnUploadThatCannotBeRecordedIntoThePoisonQueueAfterFiveTries()
    {
        HostContainers containers = new(azurite);
        await containers.Results.CreateIfNotExistsAsync(cancellationToken: Token);
        await containers.Results.GetBlobClient("locked.jpg.json").UploadAsync(BinaryData.FromString("{}"), Token);
        await containers.Results.GetBlobClient("locked.jpg.json").GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Token);
        ETag etag = await containers.UploadAsync("locked.jpg", TestPictures.Jpeg(7));
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(containers.Arguments);

        BlobTriggerMessage? poison = null;
        await HostContainers.UntilAsync(
            async () =>
            {
                foreach (PeekedMessage message in (await containers.PoisonQueue.PeekMessagesAsync(32, Token)).Value)
                {
                    BlobTriggerMessage parsed = BlobTriggerMessage.Parse(message.Body);
                    poison = parsed.ContainerName == containers.Uploads.Name ? parsed : poison;
                }

                return poison is not null;
            },
            host);

        Assert.Equal("locked.jpg", poison!.BlobName);
        Assert.Equal(etag.ToString("G"), poison.ETag);
        Assert.Equal("BlockBlob", poison.BlobType);
        Assert.Equal("Host.Functions.TagUploadOnScan", poison.FunctionId);
        Assert.Equal("BlobTrigger", poison.Type);

        await containers.UploadAsync("next.jpg", TestPictures.Jpeg(8));
        await HostContainers.UntilAsync(async () => (await containers.TaggedAsync()).ContainsKey("next.jpg"), host);
    }

    [Fact]
    public async Task TellsThatItLivesAndIsReady()
    {
        HostContainers containers = new(azurite);
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(containers.Arguments);

        Assert.Equal(HttpStatusCode.OK, await host.GetAsync("api/health/live"));
        using JsonDocument ready = JsonDocument.Parse(await host.GetStringAsync("api/health/ready"));
        Assert.Equal("ready", ready.RootElement.GetProperty("status").GetString());
        Assert.Equal(["model", "storage"], ready.RootElement.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString()!).Order());
    }

    [Fact]
    public async Task UploadsAFolderPrintsATableAndEndsWithZero()
    {
        HostContainers containers = new(azurite);
        await using LocalHostProcess host = LocalHostProcess.Launch([.. containers.Arguments, $"--Showcase:Folder={RepositoryPaths.Samples}", "--Showcase:Once=true"]);

        Assert.Equal(0, await host.ExitAsync());
        int pictures = Directory.GetFiles(RepositoryPaths.Samples).Length;
        Assert.Contains($"{pictures} of {pictures} pictures tagged.", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndsWithAnErrorWhenAPictureGotNoTags()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "good.jpg"), TestPictures.Jpeg(9), Token);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "bad.jpg"), "no picture", Token);
            HostContainers containers = new(azurite);
            await using LocalHostProcess host = LocalHostProcess.Launch([.. containers.Arguments, $"--Showcase:Folder={folder.FullName}", "--Showcase:Once=true"]);

            Assert.Equal(1, await host.ExitAsync());
            Assert.Contains("1 of 2 pictures tagged.", host.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("--Clip:Model=no-such-model", "There is no model 'no-such-model'")]
    [InlineData("--Clip:TopK=0", "TopK")]
    [InlineData("--Storage:Uploads=Not_A_Container", "Uploads")]
    [InlineData("--ClipStorage=nonsense", "'ClipStorage' is not a storage connection string")]
    [InlineData("--Clip:Images:MaxPixels=-1", "Clip:Images")]
    [InlineData("--Clip:LabelSetFile=no-such-file.json", "no-such-file.json")]
    [InlineData("--Clip:Device=cuda:99", "cuda")]
    [InlineData("--Clip:HubUrl=nowhere", "'Clip:HubUrl' is no address")]
    public async Task RefusesToStartWithSettingsThatCannotWorkAndSaysWhy(string argument, string message)
    {
        await using LocalHostProcess host = LocalHostProcess.Launch([.. new HostContainers(azurite).Arguments, argument]);

        Assert.Equal(1, await host.ExitAsync());
        await HostContainers.UntilAsync(() => Task.FromResult(host.Output.Contains(message, StringComparison.Ordinal)), host, seconds: 5);
        Assert.DoesNotContain("Unhandled exception", host.Output, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, ETag>> VersionsAsync(HostContainers containers)
    {
        Dictionary<string, ETag> versions = new(StringComparer.Ordinal);
        await foreach (BlobItem blob in containers.Results.GetBlobsAsync(new GetBlobsOptions(), Token))
        {
            versions.Add(blob.Name, ListedETag.Of(blob)!.Value);
        }

        return versions;
    }
}
