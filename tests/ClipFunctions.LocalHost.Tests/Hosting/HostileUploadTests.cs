using System.Net;
using System.Net.Http.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests.Hosting;

public sealed class HostileUploadTests(AzuriteServer azurite)
{
    private const string Key = "k3y-that-nobody-may-read";
    private const string HubToken = "hf_tokenThatNobodyMayRead";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ANameThatLeadsElsewhereLeavesNoTraceThereAndItsNeighboursAreTagged()
    {
        HostContainers containers = new(azurite);
        await containers.UploadAsync("good.jpg", TestPictures.Jpeg(1));
        await containers.Datasets.CreateIfNotExistsAsync(cancellationToken: Token);
        await containers.Datasets.GetBlobClient("a.jpg").UploadAsync(new BinaryData("of somebody else"), Token);
        using HttpClient http = new();
        string signature = containers.Uploads.GenerateSasUri(BlobContainerSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1)).Query;
        await PutAsync(http, $"{containers.Uploads.Uri.AbsoluteUri}/..%2F{containers.Datasets.Name}%2Fa.jpg{signature}");

        await using LocalHostProcess host = await LocalHostProcess.StartAsync(containers.Arguments);
        await containers.UntilTaggedAsync(1, host);
        await HostContainers.UntilAsync(() => Task.FromResult(host.Output.Contains("no address leads to a blob of this name", StringComparison.Ordinal)), host);

        BlobItem only = Assert.Single(await ListAsync(containers.Datasets));
        Assert.Equal("a.jpg", only.Name);
        Assert.Equal("of somebody else", (await containers.Datasets.GetBlobClient("a.jpg").DownloadContentAsync(Token)).Value.Content.ToString());
        Assert.Equal("good.jpg.json", Assert.Single(await ListAsync(containers.Results)).Name);
    }

    [Fact]
    public async Task TheLogHoldsNoKeysAndNoLineThatAnUploaderWrote()
    {
        HostContainers containers = new(azurite);
        const string Forged = "2031-01-01 fail: forged";
        await containers.UploadAsync("good.jpg", TestPictures.Jpeg(1));
        await containers.UploadAsync($"a\n{Forged} one.jpg", "no picture"u8.ToArray());
        await containers.UploadAsync($"b\r\n{Forged} two.jpg", TestPictures.Jpeg(2));
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(
        [
            .. containers.Arguments, $"--Clip:Http:Key={Key}", $"--Clip:HubToken={HubToken}", "--Clip:HubUrl=https://127.0.0.1:9/",
            "--Logging:LogLevel:Default=Debug", "--Logging:LogLevel:Microsoft=Information",
        ]);
        await containers.UntilTaggedAsync(3, host);
        using HttpClient http = new() { BaseAddress = host.Address };
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, "wrong"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(http, Key));
        await http.GetAsync(new Uri($"api/models?code={Key}", UriKind.Relative), Token);
        http.DefaultRequestHeaders.Add("x-functions-key", Key);
        await http.PostAsJsonAsync("api/embed/text", new { text = "a", model = "ViT-B/32" }, Token);
        await http.PostAsJsonAsync("api/embed/text", new { text = 1 }, Token);

        string output = host.Output;
        Assert.Contains("good.jpg", output, StringComparison.Ordinal);
        string accountKey = azurite.ConnectionString.Split(';').Single(part => part.StartsWith("AccountKey=", StringComparison.Ordinal))["AccountKey=".Length..];
        Assert.All((string[])[Key, HubToken, accountKey, "sig="], secret => Assert.DoesNotContain(secret, output, StringComparison.Ordinal));
        Assert.DoesNotContain(output.Split('\n'), line => line.StartsWith(Forged, StringComparison.Ordinal));
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, string key)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "api/models");
        request.Headers.Add("x-functions-key", key);
        using HttpResponseMessage answer = await http.SendAsync(request, Token);
        return answer.StatusCode;
    }

    private static async Task PutAsync(HttpClient http, string address)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, new Uri(address)) { Content = new ByteArrayContent(TestPictures.Jpeg(1)) };
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage answer = await http.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    private static async Task<List<BlobItem>> ListAsync(BlobContainerClient container)
    {
        List<BlobItem> blobs = [];
        await foreach (BlobItem blob in container.GetBlobsAsync(new GetBlobsOptions(), Token))
        {
            blobs.Add(blob);
        }

        return blobs;
    }
}
