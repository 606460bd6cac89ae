using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests.Http;

/// <summary>A host with a key and small limits, held against the document.</summary>
public sealed class KeyTests(AzuriteServer azurite)
{
    private const string Key = "a secret";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheServerTakesItsKeyInEachDocumentedPlaceAndTellsProblemsAsTheDocumentSays()
    {
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(
            [.. new HostContainers(azurite).Arguments, $"--Clip:Http:Key={Key}", "--Clip:Http:MaxBodyBytes=1024", "--Clip:Http:MaxTexts=2"]);
        using HttpClient http = new() { BaseAddress = host.Address };

        await RefusedAsync(await SendAsync(_ => { }), 401, "KeyRequired");
        await RefusedAsync(await SendAsync(request => request.Headers.Add("x-functions-key", "another")), 401, "KeyWrong");
        await TakenAsync(await SendAsync(request => request.Headers.Add("x-functions-key", Key)));
        await TakenAsync(await SendAsync(request => request.Headers.Add("api-key", Key)));
        await TakenAsync(await SendAsync(request => request.Headers.Add("Ocp-Apim-Subscription-Key", Key)));
        await TakenAsync(await SendAsync(request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key)));
        await TakenAsync(await SendAsync(_ => { }, query: $"?code={Uri.EscapeDataString(Key)}"));
        await RefusedAsync(await SendAsync(request => request.Headers.Add("x-functions-key", Key), text: new string('a', 2000)), 413, "BodyTooLarge");
        await RefusedAsync(await SendAsync(request => request.Headers.Add("x-functions-key", Key), texts: ["a", "b", "c"]), 400, "TooManyTexts");
        foreach (string open in (string[])["api/openapi.json", "api/reference", "api/health/live", "api/health/ready"])
        {
            Assert.Equal(HttpStatusCode.OK, await host.GetAsync(open));
        }

        async Task<HttpResponseMessage> SendAsync(Action<HttpRequestMessage> prepare, string query = "", string text = "a cat", string[]? texts = null)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, new Uri("api/tokenize" + query, UriKind.Relative)) { Content = JsonContent.Create<object>(texts is null ? new { text } : new { texts }) };
            prepare(request);
            return await http.SendAsync(request, Token);
        }
    }

    private static async Task TakenAsync(HttpResponseMessage response)
    {
        using (response)
        {
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Token));
        }
    }

    private static async Task RefusedAsync(HttpResponseMessage response, int status, string code)
    {
        using (response)
        {
            Assert.Equal(status, (int)response.StatusCode);
            ApiOperation operation = ApiDocument.Written.Find("Tokenize");
            JsonElement problem = await response.Content.ReadFromJsonAsync<JsonElement>(Token);
            Assert.Null(ApiDocument.Written.FaultOf(operation, status, response.Content.Headers.ContentType!.MediaType!, problem));
            Assert.Equal(code, problem.GetProperty("code").GetString());
            Assert.Contains(code, ApiDocument.Written.Codes(operation, status));
        }
    }
}
