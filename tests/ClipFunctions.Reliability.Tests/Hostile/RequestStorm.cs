using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>Sends hostile requests to a real host, and asks it before and afterwards what it is for.</summary>
internal static class RequestStorm
{
    private const int Parallelism = 8;

    /// <summary>Runs it.</summary>
    /// <param name="azurite">The host's storage.</param>
    /// <param name="choose">The requests, of all that there are for the host's own endpoints.</param>
    /// <param name="limit">How long each may take.</param>
    /// <param name="arguments">Further settings of the host.</param>
    /// <returns>How many requests had each status.</returns>
    public static async Task<IReadOnlyDictionary<int, int>> RunAsync(
        AzuriteServer azurite, Func<HostileRequests, IEnumerable<(ApiEndpoint Endpoint, HostileRequest Request)>> choose, TimeSpan limit, params IEnumerable<string> arguments)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(token);
        await using LocalHostProcess host = await LocalHostProcess.StartAsync([.. storage.Arguments(), .. arguments]);
        await storage.UploadAsync("sound.jpg", 3, token);
        await Wait.UntilAsync(async () => await Oracle.CountTaggedAsync(storage, token) == 1, "the upload is tagged", () => host.Output);
        using HttpClient http = new() { BaseAddress = host.Address, Timeout = TimeSpan.FromSeconds(30) };
        string before = await AskAsync(http);
        HostileRequests all = new(JsonNode.Parse(await http.GetStringAsync("api/openapi.json", token))!);

        ConcurrentBag<string> faults = [];
        ConcurrentDictionary<int, int> statuses = [];
        ConcurrentDictionary<string, int> asked = new(StringComparer.Ordinal);
        await Parallel.ForEachAsync(choose(all), new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = token }, async (one, _) =>
        {
            RawAnswer answer = await RawConnection.SendAsync(host.Address, one.Request, limit + TimeSpan.FromSeconds(5));
            statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
            asked.AddOrUpdate(one.Endpoint.ToString(), 1, (_, count) => count + 1);
            if (RequestJudge.FaultOf(one.Request, answer, limit) is { } fault)
            {
                faults.Add($"{fault}\nafter {one.Request}\n");
            }
        });

        Assert.True(faults.IsEmpty, $"{faults.Count} faults:\n{string.Join("\n", faults.GroupBy(fault => fault[..Math.Min(fault.Length, 60)]).SelectMany(group => group.Take(3)).Take(40))}");
        Assert.All(all.Endpoints, endpoint => Assert.True(asked.GetValueOrDefault(endpoint.ToString()) >= 20, $"{endpoint} was asked {asked.GetValueOrDefault(endpoint.ToString())} times."));
        Assert.Equal(before, await AskAsync(http));
        Assert.Equal(System.Net.HttpStatusCode.OK, await host.GetAsync("api/health/ready"));
        Assert.DoesNotContain("Unhandled exception", host.Output, StringComparison.OrdinalIgnoreCase);
        return statuses;
    }

    // What a host answers to sound requests; but for times and trace ids, always the same.
    private static async Task<string> AskAsync(HttpClient http)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        List<string> answers = [];
        foreach (string path in (string[])["api/models", "api/labelsets", "api/results/sound.jpg", "api/uploads/sound.jpg?thumbnail=32", "api/openapi.json", ""])
        {
            answers.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await http.GetByteArrayAsync(path, token))));
        }

        foreach ((string path, object body) in ((string, object)[])[
            ("api/tokenize", new { texts = new[] { "a cat", "a dog" } }), ("api/embed/text", new { text = "a cat", normalize = true }), ("api/classify", new { images = new[] { new { blob = "{uploads}/sound.jpg" } }, topK = 3 }), ("v1/embeddings", new { input = "a dog", model = "demo" })])
        {
            using HttpResponseMessage response = await http.PostAsJsonAsync(path, body, token);
            answers.Add($"{path} {(int)response.StatusCode} {WithoutTrace(await response.Content.ReadAsStringAsync(token))}");
        }

        using ByteArrayContent picture = new(Gallery.File(5));
        picture.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
        using HttpResponseMessage embedded = await http.PostAsync("api/embed/image", picture, token);
        embedded.EnsureSuccessStatusCode();
        answers.Add(await embedded.Content.ReadAsStringAsync(token));
        return string.Join('\n', answers);
    }

    private static string WithoutTrace(string json)
    {
        JsonNode node = JsonNode.Parse(json)!;
        (node as JsonObject)?.Remove("traceId");
        return node.ToJsonString(JsonSerializerOptions.Web);
    }
}
