using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using ClipFunctions.Testing;

namespace ClipFunctions.Cli.Tests;

/// <summary><c>clip retag</c> and <c>clip poison</c> on real storage, with the names that an installation has.</summary>
public sealed class StorageCommandTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string[] Storage => ["--storage", azurite.ConnectionString];

    [Fact]
    public async Task RetagTellsThenTagsThenFindsNothingToDo()
    {
        BlobServiceClient service = new(azurite.ConnectionString);
        foreach (string name in (string[])["uploads", "results", "embeddings"])
        {
            await service.GetBlobContainerClient(name).CreateIfNotExistsAsync(cancellationToken: Token);
        }

        BlobContainerClient uploads = service.GetBlobContainerClient("uploads");
        foreach (string sample in (string[])["cat.jpg", "dog.jpg"])
        {
            await uploads.GetBlobClient("retag/" + sample).UploadAsync(Path.Combine(RepositoryPaths.Samples, sample), overwrite: true, Token);
        }

        string[] retag = ["retag", "--prefix", "retag/", "--device", "cpu", "--json", .. Storage];
        JsonNode dry = (await CommandRun.OfAsync([.. retag, "--dry-run"])).MustSucceed().Json;
        Assert.Equal((2, 2), ((int)dry["seen"]!, (int)dry["reasons"]!["NoRecord"]!));
        Assert.False(await service.GetBlobContainerClient("results").GetBlobClient("retag/cat.jpg.json").ExistsAsync(Token));

        JsonNode done = (await CommandRun.OfAsync(retag)).MustSucceed().Json;
        Assert.Equal(("demo", 2), ((string?)done["model"], (int)done["outcomes"]!["Tagged"]!));
        Assert.Equal("cat", (await uploads.GetBlobClient("retag/cat.jpg").GetTagsAsync(cancellationToken: Token)).Value.Tags["clip_1"]);

        Assert.Equal(2, (int)(await CommandRun.OfAsync(retag)).MustSucceed().Json["upToDate"]!);
        CommandRun table = (await CommandRun.OfAsync(["retag", "--prefix", "retag/", "--device", "cpu", "--labels", "a dog, a cat", .. Storage])).MustSucceed();
        Assert.Contains("OtherLabels", table.Output, StringComparison.Ordinal);
        Assert.Equal("a-cat", (await uploads.GetBlobClient("retag/cat.jpg").GetTagsAsync(cancellationToken: Token)).Value.Tags["clip_1"]);
    }

    [Fact]
    public async Task PoisonIsListedAndPutBack()
    {
        QueueClientOptions encoding = new() { MessageEncoding = QueueMessageEncoding.Base64 };
        QueueServiceClient service = new(azurite.ConnectionString, encoding);
        QueueClient poison = service.GetQueueClient("clip-evaluations-poison");
        await poison.CreateIfNotExistsAsync(cancellationToken: Token);
        await poison.SendMessageAsync("""{"runId":"nightly","dataset":"pets"}""", Token);

        JsonNode message = Assert.Single((await CommandRun.OfAsync(["poison", "list", "--json", .. Storage])).MustSucceed().Json["messages"]!.AsArray())!;
        Assert.Equal(("clip-evaluations-poison", "nightly"), ((string?)message["queue"], (string?)message["subject"]));
        Assert.Contains("nightly", (await CommandRun.OfAsync(["poison", "list", .. Storage])).MustSucceed().Output, StringComparison.Ordinal);

        CommandRun missing = await CommandRun.OfAsync(["poison", "replay", "--id", "no-such-id", .. Storage]);
        Assert.Equal(ExitCodes.Failure, missing.Code);
        Assert.Contains("no-such-id", missing.Error, StringComparison.Ordinal);

        JsonNode replayed = (await CommandRun.OfAsync(["poison", "replay", "--id", (string)message["id"]!, "--json", .. Storage])).MustSucceed().Json;
        Assert.Equal("clip-evaluations", (string?)replayed["messages"]![0]!["target"]);
        Assert.Empty((await CommandRun.OfAsync(["poison", "list", "--json", .. Storage])).MustSucceed().Json["messages"]!.AsArray());
        Assert.Contains((await service.GetQueueClient("clip-evaluations").PeekMessagesAsync(32, Token)).Value, back => back.Body.ToString() == """{"runId":"nightly","dataset":"pets"}""");
    }

    [Theory]
    [InlineData("poison", "replay")]
    [InlineData("poison", "replay", "--all", "--id", "x")]
    [InlineData("poison", "list", "--queue", "nowhere")]
    [InlineData("retag", "--parallelism", "0")]
    public async Task WhatMakesNoSenseEndsWithTwo(params string[] args)
    {
        CommandRun run = await CommandRun.OfAsync([.. args, .. Storage]);
        Assert.Equal(ExitCodes.Usage, run.Code);
        Assert.StartsWith("clip: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StorageThatIsNoneIsToldInALine()
    {
        CommandRun run = await CommandRun.OfAsync("poison", "list", "--storage", "AccountName=x;nonsense=y");
        Assert.Equal(ExitCodes.Failure, run.Code);
        Assert.Contains("ClipStorage", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("retag")]
    [InlineData("poison")]
    [InlineData("poison", "list")]
    [InlineData("poison", "replay")]
    public async Task HelpShowsExamples(params string[] command)
    {
        CommandRun run = (await CommandRun.OfAsync([.. command, "--help"])).MustSucceed();
        Assert.Contains($"Examples:{Environment.NewLine}  clip ", run.Output, StringComparison.Ordinal);
    }
}
