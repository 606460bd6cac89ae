using System.Net;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests.Http;

/// <summary>What browsers are told of every document.</summary>
public sealed class ResponseHeaderTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'")]
    [InlineData("app/main.js", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'")]
    [InlineData("app/report-frame.html", "script-src 'self'", "style-src 'unsafe-inline'", "frame-ancestors 'self'", "sandbox allow-scripts")]
    [InlineData("api/reference", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'")]
    public async Task DocumentsRunTheirOwnScriptsAlone(string path, params string[] directives)
    {
        await using TestHttpServer server = await TestHttpServer.StartAsync(azurite);
        using HttpResponseMessage answer = await server.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        string[] told = policy.Split(';', StringSplitOptions.TrimEntries);
        Assert.Equal("default-src 'none'", told[0]);
        Assert.All(directives, directive => Assert.Contains(directive, told));
        Assert.Contains("base-uri 'none'", told);
        Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("*", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
    }

    [Fact]
    public async Task APictureIsADocumentThatMayDoNothing()
    {
        await using TestHttpServer server = await TestHttpServer.StartAsync(azurite);
        await server.UploadAsync("cat.jpg", TestHttpServer.Sample("cat.jpg"));
        foreach (string path in (string[])["api/uploads/cat.jpg", "api/uploads/cat.jpg?thumbnail=64"])
        {
            using HttpResponseMessage answer = await server.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("default-src 'none'; sandbox", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.StartsWith("image/", answer.Content.Headers.ContentType!.MediaType, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task NoOtherSiteMayReadAnAnswer()
    {
        await using TestHttpServer server = await TestHttpServer.StartAsync(azurite);
        using HttpRequestMessage request = new(HttpMethod.Get, "api/models");
        request.Headers.Add("Origin", "https://elsewhere.example");
        using HttpResponseMessage answer = await server.Client.SendAsync(request, Token);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }
}
