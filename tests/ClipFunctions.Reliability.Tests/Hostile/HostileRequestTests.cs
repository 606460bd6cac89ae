using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;
using ClipFunctions.Testing.Hostile;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>
/// Hostile requests to every endpoint of a real host: each is answered soon, none by a fault of the server's, every error is a problem by RFC 9457 that tells nothing of the
/// host's inside; and afterwards the host answers as before. The long form is <see cref="HostileRequestSoakTests"/>.
/// </summary>
public sealed class HostileRequestTests(AzuriteServer azurite)
{
    private const int Mutations = 1500;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task EveryAnswerComesSoonAndIsAProblemThatTellsNothing()
    {
        IReadOnlyDictionary<int, int> statuses = await RequestStorm.RunAsync(
            azurite, requests => [.. requests.Crafted(), .. Enumerable.Range(0, Mutations).Select(i => requests.Mutation(HostilePictures.Seed, i))], Limit);

        Assert.All((int[])[200, 400, 404, 405, 413, 415], status => Assert.True(statuses.GetValueOrDefault(status) > 0, $"Nothing was answered with {status}."));
    }

    [Fact]
    public async Task SlowAndOversizedRequestsEndAndKeepNobodyWaiting()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(token);
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(storage.Arguments());
        using HttpClient http = new() { BaseAddress = host.Address, Timeout = TimeSpan.FromSeconds(20) };
        HostileRequests all = new(JsonNode.Parse(await http.GetStringAsync("api/openapi.json", token))!);
        const int tooLarge = 40_000_000;
        byte[] chunk = [.. Encoding.ASCII.GetBytes($"{1 << 20:X}\r\n"), .. new byte[1 << 20], .. "\r\n"u8];
        byte[] chunks = [.. Enumerable.Repeat(chunk, tooLarge >> 20).SelectMany(bytes => bytes), .. "0\r\n\r\n"u8];
        List<(HostileRequest Request, int[] Statuses)> requests = [];
        foreach (ApiEndpoint endpoint in all.Endpoints.Where(endpoint => endpoint.ContentTypes.Count > 0))
        {
            string[] types = [.. endpoint.ContentTypes.Select(type => type switch { "image/*" => "image/jpeg", "multipart/form-data" => "multipart/form-data; boundary=frontier", _ => type })];
            foreach (string type in types)
            {
                string head = $"Host: 127.0.0.1\r\nConnection: close\r\nContent-Type: {type}\r\n";

                // Refused by what they say of themselves: hardly any of the body is sent. A length of 29,500,000 is for the gateway to refuse, a larger one for the server.
                requests.Add((new HostileRequest($"{endpoint}: {type} that tells to be too large", Head(endpoint, head + $"Content-Length: {tooLarge}\r\n")), [413]));
                requests.Add((new HostileRequest($"{endpoint}: {type} that tells to be a bit too large", Head(endpoint, head + "Content-Length: 29500000\r\n")), [413]));

                // Four bytes a second, of a body that is to have a thousand.
                requests.Add((new HostileRequest($"{endpoint}: {type}, slowly", [.. Head(endpoint, head + "Content-Length: 1000\r\n"), .. "{\"text\": \""u8, .. Enumerable.Repeat((byte)'a', 200)]) { Trickle = 1, SentAtOnce = Head(endpoint, head + "Content-Length: 1000\r\n").Length }, [408]));
            }

            requests.Add((new HostileRequest($"{endpoint}: chunks that are too large together", [.. Head(endpoint, $"Host: 127.0.0.1\r\nConnection: close\r\nContent-Type: {types[0]}\r\nTransfer-Encoding: chunked\r\n"), .. chunks]), [413]));
        }

        // Many who say half a word and wait: they take no turn from others.
        List<Socket> idle = [];
        try
        {
            for (int i = 0; i < 400; i++)
            {
                Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                idle.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, host.Address.Port, token);
                await socket.SendAsync(i % 2 == 0 ? "POST /api/tokenize HT"u8.ToArray() : "GET /api/models HTTP/1.1\r\nHost: 127.0.0.1\r\nX-"u8.ToArray(), token);
            }

            ConcurrentBag<string> faults = [];
            Task storm = Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 60, CancellationToken = token }, async (one, _) =>
            {
                RawAnswer answer = await RawConnection.SendAsync(host.Address, one.Request, Limit + TimeSpan.FromSeconds(5));
                if (RequestJudge.FaultOf(one.Request, answer, Limit) is { } fault)
                {
                    faults.Add($"{fault}\nafter {one.Request}\n");
                }
                else if (!one.Statuses.Contains(answer.Status))
                {
                    faults.Add($"status {answer.Status}\nafter {one.Request}\n");
                }
            });
            while (!storm.IsCompleted)
            {
                using HttpResponseMessage sound = await http.PostAsync("api/tokenize", JsonContent.Create(new { text = "a cat" }), token);
                Assert.Equal(HttpStatusCode.OK, sound.StatusCode);
                await Task.Delay(200, token);
            }

            await storm;
            Assert.True(faults.IsEmpty, $"{faults.Count} faults:\n{string.Join("\n", faults.Take(12))}");
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }

        Assert.Equal(HttpStatusCode.OK, await host.GetAsync("api/health/ready"));
        Assert.InRange(HostileUploads.PeakMemory(host.ProcessId), 0, 1200);

        static byte[] Head(ApiEndpoint endpoint, string headers) => Encoding.ASCII.GetBytes($"{endpoint.Method} {endpoint.Target()} HTTP/1.1\r\n{headers}\r\n");
    }
}
