using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ClipFunctions.Reliability.Tests.Hostile;
using ClipFunctions.Testing.Hostile;

namespace ClipFunctions.App.Tests.Worker;

/// <summary>A part of what the local host is asked by <c>Reliability.Tests</c>, asked of the worker: what HTTP lets through, since the Functions host stands before it.</summary>
public sealed class HostileRequestTests(RunningApp app)
{
    private const int EveryCrafted = 11;
    private const int Mutations = 300;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheWorkerAnswersEachByAProblemThatTellsNothing()
    {
        HostileRequests all = new(JsonNode.Parse(await app.Http.GetStringAsync("api/openapi.json", Token))!);
        ConcurrentBag<string> faults = [];
        ConcurrentDictionary<int, int> statuses = [];
        IEnumerable<(ApiEndpoint Endpoint, HostileRequest Request)> requests =
            all.Crafted().Where(one => IsForUs(one.Endpoint, one.Request)).Where((_, i) => i % EveryCrafted == 0)
                .Concat(Enumerable.Range(0, Mutations).Select(i => all.Mutation(HostilePictures.Seed, i)).Where(one => IsForUs(one.Endpoint, one.Request)));
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, async (one, _) =>
        {
            RawAnswer answer = await RawConnection.SendAsync(app.Host.Address, one.Request, Limit + TimeSpan.FromSeconds(5));
            statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
            if (RequestJudge.FaultOf(one.Request, answer, Limit) is { } fault)
            {
                faults.Add($"{fault}\nafter {one.Request}\n");
            }
        });

        Assert.True(faults.IsEmpty, $"{faults.Count} faults:\n{string.Join("\n", faults.Take(12))}");
        Assert.All((int[])[200, 400, 404, 415], status => Assert.True(statuses.GetValueOrDefault(status) > 0, $"Nothing was answered with {status}."));
        using HttpResponseMessage sound = await app.Http.PostAsJsonAsync("api/tokenize", new { text = "a cat" }, Token);
        Assert.Equal(HttpStatusCode.OK, sound.StatusCode);
    }

    [Theory]
    [InlineData(29_000_001, true)]
    [InlineData(29_000_001, false)]
    [InlineData(30_000_000, true)]
    public async Task TheWorkerRefusesBodiesThatAreTooLarge(int length, bool told)
    {
        using ByteArrayContent body = new(new byte[length]);
        body.Headers.ContentType = new("application/json");
        using HttpRequestMessage request = new(HttpMethod.Post, "api/tokenize") { Content = body };
        request.Headers.TransferEncodingChunked = !told;

        using HttpResponseMessage response = await app.Http.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    // Not what the Functions host answers itself: methods and addresses that no function has, and broken HTTP. Nor what would start evaluations.
    private static bool IsForUs(ApiEndpoint endpoint, HostileRequest request) =>
        request is { BreaksHttp: false, IsAborted: false } && endpoint.Method != "DELETE" && endpoint.Path != "/api/evaluations"
        && request.Bytes.AsSpan().StartsWith(System.Text.Encoding.ASCII.GetBytes($"{endpoint.Method} {endpoint.Target()}"))
        && !endpoint.PathParameters.Any();
}
