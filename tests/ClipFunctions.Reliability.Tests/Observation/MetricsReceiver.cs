using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.Reliability.Tests.Observation;

/// <summary>Takes the metrics that a host sends over OTLP, as a collector does. An instrument without a measurement is not sent.</summary>
internal sealed class MetricsReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private volatile string _last = "";

    private MetricsReceiver()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.MapPost("/v1/metrics", async context =>
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body);
            _last = Encoding.Latin1.GetString(body.ToArray());
        });
        _app.MapPost("/v1/traces", () => { });
    }

    /// <summary>What makes a host send its metrics here, every half second.</summary>
    public IReadOnlyList<string> Arguments =>
    [
        $"--OTEL_EXPORTER_OTLP_ENDPOINT={_app.Urls.First()}",
        "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        "--OTEL_METRIC_EXPORT_INTERVAL=500",
    ];

    /// <summary>Starts one.</summary>
    public static async Task<MetricsReceiver> StartAsync()
    {
        MetricsReceiver receiver = new();
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>Whether all these words stand in the metrics sent last: names of instruments, values of their tags.</summary>
    public bool Has(params ReadOnlySpan<string> words)
    {
        string last = _last;
        foreach (string word in words)
        {
            if (!last.Contains(word, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The whole number of an instrument without tags, as it was sent last; null if it was not.</summary>
    public long? Value(string instrument)
    {
        // OTLP's NumberDataPoint: field 6 is the number, fields 2 and 3 are times; all of eight bytes, in the order in which the SDK writes them.
        Match match = Regex.Match(_last, Regex.Escape(instrument) + @"(?s:.{1,400}?\x31(.{8})\x11.{8}\x19)", RegexOptions.CultureInvariant);
        return match.Success ? BitConverter.ToInt64(Encoding.Latin1.GetBytes(match.Groups[1].Value)) : null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
