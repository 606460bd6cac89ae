using System.Net;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests.Hosting;

public sealed class LocalAccessTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://0.0.0.0:{0}")]
    [InlineData("http://*:{0}")]
    [InlineData("http://[::]:{0}")]
    public async Task DoesNotStartBeyondThisMachineWithoutAKey(string address)
    {
        string url = string.Format(System.Globalization.CultureInfo.InvariantCulture, address, AzuriteServer.FreePort());
        await using LocalHostProcess host = LocalHostProcess.Launch([.. new HostContainers(azurite).Arguments, $"--Urls={url}"]);

        Assert.Equal(1, await host.ExitAsync());
        Assert.Contains("Clip:Http:Key", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithAKeyItServesOthersWhoHaveIt()
    {
        int port = AzuriteServer.FreePort();
        await using LocalHostProcess host = await LocalHostProcess.StartAsync([.. new HostContainers(azurite).Arguments, $"--Urls=http://127.0.0.1:{port};http://0.0.0.0:{AzuriteServer.FreePort()}", "--Clip:Http:Key=secret"]);
        using HttpClient client = new() { BaseAddress = host.Address };

        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(client, HttpMethod.Get, "api/models")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(client, HttpMethod.Get, "api/models", ("x-functions-key", "secret"), ("Host", "pictures.example"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(client, HttpMethod.Get, "api/health/live", ("Host", "pictures.example"))).StatusCode);
    }

    [Fact]
    public async Task WithoutAKeyItAnswersNeitherOtherNamesNorOtherSitesPages()
    {
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(new HostContainers(azurite).Arguments);
        using HttpClient client = new() { BaseAddress = host.Address };

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(client, HttpMethod.Get, "api/models", ("Host", "localhost"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(client, HttpMethod.Get, "", ("Sec-Fetch-Site", "cross-site"))).StatusCode);
        foreach (HttpResponseMessage refused in (HttpResponseMessage[])[
            await SendAsync(client, HttpMethod.Get, "api/models", ("Host", "evil.example")),
            await SendAsync(client, HttpMethod.Get, "", ("Host", "evil.example")),
            await SendAsync(client, HttpMethod.Post, "api/classify", ("Sec-Fetch-Site", "cross-site"))])
        {
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
            Assert.Contains("KeyNotSet", await refused.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TellsWhatNoOperationTakesInTheFormOfAllProblems()
    {
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(new HostContainers(azurite).Arguments);
        using HttpClient client = new() { BaseAddress = host.Address };

        HttpResponseMessage nothing = await SendAsync(client, HttpMethod.Get, "api/nothing");
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
        Assert.Equal("application/problem+json", nothing.Content.Headers.ContentType?.MediaType);
        HttpResponseMessage method = await SendAsync(client, HttpMethod.Delete, "api/models");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, method.StatusCode);
        Assert.Contains("GET", await method.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        Assert.False(nothing.Headers.Contains("Server"));
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request, Token);
    }
}
