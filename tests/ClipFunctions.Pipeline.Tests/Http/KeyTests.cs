using System.Net;
using ClipFunctions.Pipeline.Http.Operations;
using ClipFunctions.Testing;
using static ClipFunctions.Pipeline.Tests.Http.TestHttpServer;

namespace ClipFunctions.Pipeline.Tests.Http;

public sealed class KeyTests(AzuriteServer azurite)
{
    private const string Key = "s3cret";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x-functions-key", Key)]
    [InlineData("api-key", Key)]
    [InlineData("Ocp-Apim-Subscription-Key", Key)]
    [InlineData("Authorization", "Bearer " + Key)]
    [InlineData("Authorization", "bearer " + Key)]
    public async Task TakesTheKeyInTheHeadersOfOtherServicesToo(string header, string value)
    {
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:Http:Key", Key));

        using HttpRequestMessage request = new(HttpMethod.Get, "api/models");
        request.Headers.TryAddWithoutValidation(header, value);
        await OkAsync(server.Client.SendAsync(request, Token));

        using HttpRequestMessage wrong = new(HttpMethod.Get, "api/models");
        wrong.Headers.TryAddWithoutValidation(header, value + "x");
        await ProblemAsync(server.Client.SendAsync(wrong, Token), HttpStatusCode.Unauthorized, "KeyWrong");
    }

    [Fact]
    public async Task AsksForTheKeyWhereverThereIsSomethingToKeep()
    {
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:Http:Key", Key));
        await OkAsync(server.GetAsync("api/models?code=" + Key));
        await ProblemAsync(server.GetAsync("api/models?code="), HttpStatusCode.Unauthorized, "KeyWrong");

        foreach (ClipOperation operation in ClipOperations.All.Where(operation => operation.Access == OperationAccess.Keyed))
        {
            using HttpRequestMessage request = new(new HttpMethod(operation.Method), operation.Route.Replace("{*path}", "x", StringComparison.Ordinal));
            await ProblemAsync(server.Client.SendAsync(request, Token), HttpStatusCode.Unauthorized, "KeyRequired");
        }

        foreach (string path in (string[])["", "app/main.js", "api/health/live", "api/health/ready", "api/reference", "api/reference/scalar.js"])
        {
            using HttpResponseMessage response = await server.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task NeverPutsTheKeyIntoAnAddressOfItsOwn()
    {
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:Http:Key", Key));
        await server.UploadAsync("cat.jpg", Sample("cat.jpg"));
        await server.UploadAsync("dog.jpg", Sample("dog.jpg"));

        using HttpResponseMessage response = await server.GetAsync($"api/search?text=cat&top=1&code={Key}");

        string body = await response.Content.ReadAsStringAsync(Token);
        Assert.Contains("skip=1", body, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, body, StringComparison.Ordinal);
    }
}
