using System.Collections.Concurrent;
using System.Net;
using System.Text;
using ClipFunctions.FunctionsTestHost;
using ClipFunctions.Pipeline.Telemetry;
using ClipFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.App.Tests.Worker;

/// <summary>The worker's telemetry, at a collector of the test's own.</summary>
public sealed class ExportTests(AzuriteServer azurite)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task MetricsAndTracesOfAllRoomsReachACollector()
    {
        ConcurrentDictionary<string, string> received = new(StringComparer.Ordinal);
        int port = AzuriteServer.FreePort();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        await using WebApplication collector = builder.Build();
        collector.MapPost("/{*path}", async (HttpContext context) =>
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body);

            // Protocol buffers hold their texts as they are.
            received.AddOrUpdate(context.Request.Path, _ => Encoding.Latin1.GetString(body.ToArray()), (_, earlier) => earlier + Encoding.Latin1.GetString(body.ToArray()));
        });
        await collector.StartAsync(TestContext.Current.CancellationToken);

        await using FunctionsHost host = await FunctionsHost.StartAsync(
            azurite.ConnectionString,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{port}"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
            ("OTEL_BSP_SCHEDULE_DELAY", "500"));
        using HttpClient http = new() { BaseAddress = host.Address };
        using StringContent body = new("""{"text":"a cat"}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync("api/embed/text", body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await host.InvokeWithBlobAsync("TagUploadOnScan", "gone.jpg", TestContext.Current.CancellationToken);

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        string[] wanted = [.. PipelineTelemetry.Meters, "clip.batch.items", "clip.http.duration"];
        while (!wanted.All(Received("/v1/metrics").Contains) || !Received("/v1/traces").Contains("tag upload", StringComparison.Ordinal))
        {
            try
            {
                await Task.Delay(100, limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Received: {string.Join(", ", received.Keys)}; missing: {string.Join(", ", wanted.Where(name => !Received("/v1/metrics").Contains(name, StringComparison.Ordinal)))}\n{host.Output}");
            }
        }

        string Received(string path) => received.GetValueOrDefault(path, "");
    }
}
