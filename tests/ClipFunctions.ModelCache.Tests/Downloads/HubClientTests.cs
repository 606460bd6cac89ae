using System.Text;
using ClipFunctions.ModelCaching.Downloads;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

public sealed class HubClientTests
{
    private const string Token = "hf_t0ken";

    [Theory]
    [InlineData("")]
    [InlineData("/mirror/hub")]
    [InlineData("/mirror/hub/")]
    public async Task ResolvesABranchToItsCommitAndFiles(string basePath)
    {
        await using PublishedModel model = await PublishedModel.StartAsync(basePath.TrimEnd('/'));
        using HubClient hub = new(new Uri(model.Server.Address, basePath));

        HubRevision revision = await hub.ResolveAsync(HubServer.Repository, "main", TestContext.Current.CancellationToken);

        Assert.Equal(HubServer.Commit, revision.Commit);
        Assert.Equal(new HubFile(PublishedModel.Checkpoint, PublishedModel.Bytes.Length, HubServer.Hash(PublishedModel.Bytes)), revision.Files[PublishedModel.Checkpoint]);
        Assert.Null(revision.Files[PublishedModel.Vocabulary].Sha256);
        Assert.Equal(model.Request().Address, hub.FileAddress(HubServer.Repository, revision.Commit, PublishedModel.Checkpoint));
    }

    [Fact]
    public async Task SendsTheTokenToTheHubAlone()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Token = Token;

        await model.DownloadAsync(model.Request(), token: Token);

        Assert.Contains(model.Server.Requests, request => request.Hub && request.Authorization == $"Bearer {Token}");
        Assert.Contains(model.Server.Requests, request => !request.Hub);
        Assert.All(model.Server.Requests, request => Assert.Equal(request.Hub, request.Authorization is not null));
    }

    [Fact]
    public async Task SendsTheTokenAfterARedirectWithinTheHub()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Token = Token;
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Status = 307, Location = $"/{HubServer.Repository}/resolve/{HubServer.Commit}/{PublishedModel.Checkpoint}" });

        DownloadedFile file = await model.DownloadAsync(model.Request(), token: Token);

        Assert.Equal(PublishedModel.Bytes.Length, file.Size);
        Assert.Equal(2, model.Server.Requests.Count(request => request.Hub));
    }

    [Fact]
    public async Task SendsNoTokenToAnAddressThatIsNotTheHub()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        DownloadRequest elsewhere = model.Request() with { Address = new Uri(model.Server.ContentAddress, $"/blobs/{HubServer.Hash(PublishedModel.Bytes)}?{HubServer.Signature}") };

        await model.DownloadAsync(elsewhere, token: Token);

        HubRequest request = Assert.Single(model.Server.Requests);
        Assert.Null(request.Authorization);
    }

    [Fact]
    public async Task SaysThatATokenIsWanted()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Token = Token;

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request()));

        Assert.Equal(DownloadFault.AccessDenied, exception.Fault);
        Assert.Contains("401", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Clip:HubToken", exception.Message, StringComparison.Ordinal);
        Assert.Contains("restricted", exception.Message, StringComparison.Ordinal);
        Assert.Single(model.Server.Requests);
    }

    [Fact]
    public async Task SaysThatTheLicenceMustBeAgreedToOnTheHub()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Token = Token;

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request(), token: "an0ther"));

        Assert.Equal(DownloadFault.AccessDenied, exception.Fault);
        Assert.Contains("403", exception.Message, StringComparison.Ordinal);
        Assert.Contains("licence", exception.Message, StringComparison.Ordinal);
        Assert.Contains(model.Server.Address.AbsoluteUri, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("an0ther", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SaysWhichFileIsNotThere()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        Uri address = new(model.Request().Address.AbsoluteUri.Replace(PublishedModel.Checkpoint, "none.bin", StringComparison.Ordinal) + "?key=s3cret");

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request() with { Address = address }));

        Assert.Equal(DownloadFault.NotFound, exception.Fault);
        Assert.Contains("/none.bin: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains("404", exception.Message, StringComparison.Ordinal);
        Assert.Contains("EntryNotFound", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", exception.ToString(), StringComparison.Ordinal);
        Assert.Single(model.Server.Requests);
    }

    [Fact]
    public async Task SaysThatThereIsNoSuchRevision()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        using HubClient hub = new(model.Server.Address);

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => hub.ResolveAsync(HubServer.Repository, "v2", TestContext.Current.CancellationToken));

        Assert.Equal(DownloadFault.NotFound, exception.Fault);
        Assert.Contains($"api/models/{HubServer.Repository}/revision/v2: ", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"sha\": 5}", 1)]
    [InlineData("<html>", 1)]
    [InlineData(" ", 17 << 20)]
    public async Task RefusesAListingThatIsNone(string text, int times)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        using HubClient hub = new(new Uri(model.Server.Address, $"/{HubServer.Repository}/resolve/{HubServer.Commit}/"));
        byte[] listing = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, times)));
        model.Server.Publish($"api/models/{HubServer.Repository}/revision/main", listing, large: false);

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => hub.ResolveAsync(HubServer.Repository, "main", TestContext.Current.CancellationToken));

        Assert.Equal(DownloadFault.Refused, exception.Fault);
        Assert.Single(model.Server.Requests);
    }

    [Fact]
    public async Task LeavesACircleOfRedirects()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, [.. Enumerable.Repeat(new HubFault { Status = 302, Location = model.Request().Address.AbsoluteUri }, 50)]);

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request()));

        Assert.Equal(DownloadFault.Redirect, exception.Fault);
        Assert.InRange(model.Server.Requests.Count, 2, 20);
    }

    [Theory]
    [InlineData("file:///etc/passwd", "file")]
    [InlineData("ftp://example.org/file", "ftp")]
    [InlineData(null, "where")]
    public async Task FollowsNoRedirectToWhereNoDownloadMayGo(string? location, string told)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Status = 302, Location = location });

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.DownloadAsync(model.Request()));

        Assert.Equal(DownloadFault.Redirect, exception.Fault);
        Assert.Contains(told, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://hub.example/")]
    [InlineData("https://hub.example/?a=b")]
    [InlineData("https://me:secret@hub.example/")]
    public void RefusesAnAddressThatIsNoHubs(string address)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => new HubClient(new Uri(address)));
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesToSendATokenUnencrypted()
    {
        Assert.Throws<ArgumentException>(() => new HubClient(new Uri("http://hub.example/"), Token));
        using HubClient encrypted = new(new Uri("https://hub.example/"), Token);
        using HubClient without = new(new Uri("http://hub.example/"));
    }

    [Theory]
    [InlineData("to ken")]
    [InlineData("token\r\nX: y")]
    [InlineData("")]
    public void RefusesATokenThatIsNone(string token)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => new HubClient(new Uri("https://hub.example/"), token));
        Assert.DoesNotContain("X: y", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/../b", "main", "file")]
    [InlineData("..", "main", "file")]
    [InlineData("a/b/c", "main", "file")]
    [InlineData("a/b", "..", "file")]
    [InlineData("a/b", "main", "../file")]
    [InlineData("a/b", "main", "x//file")]
    public void MakesNoAddressOfWhatLeavesTheRepository(string repository, string revision, string path)
    {
        using HubClient hub = new(new Uri("https://hub.example/"));
        Assert.Throws<ArgumentException>(() => hub.FileAddress(repository, revision, path));
    }

    [Fact]
    public void EscapesRevisionsAndPaths()
    {
        using HubClient hub = new(new Uri("https://hub.example/mirror"));
        Assert.Equal("https://hub.example/mirror/a/b/resolve/refs%2Fpr%2F1/x/y%20z%23.bin", hub.FileAddress("a/b", "refs/pr/1", "x/y z#.bin").AbsoluteUri);
    }
}
