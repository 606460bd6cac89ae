using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using ClipFunctions.Pipeline.Telemetry;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;

namespace ClipFunctions.Hosting;

/// <summary>Metrics, traces and logs by OpenTelemetry, the way <c>host.json</c>'s <c>telemetryMode</c> expects it of the worker.</summary>
internal static class Telemetry
{
    private const string ConnectionSetting = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    private const string AuthenticationSetting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";
    private const string CollectorSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Exports to Application Insights, to a collector, to both or to nothing, by what is set.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter([.. PipelineTelemetry.Meters, "System.Runtime", "Microsoft.AspNetCore.Hosting"]))
            .WithTracing(traces => traces.AddSource(PipelineTelemetry.Name));
        telemetry.UseFunctionsWorkerDefaults();
        if (configuration[ConnectionSetting] is { Length: > 0 } connection)
        {
            telemetry.UseAzureMonitorExporter(exporter =>
            {
                exporter.ConnectionString = connection;
                exporter.Credential = Credential(configuration[AuthenticationSetting]);
            });
        }

        if (configuration[CollectorSetting] is { Length: > 0 })
        {
            telemetry.UseOtlpExporter();
        }

        return services;
    }

    /// <summary>
    /// What the Functions host's own setting asks for: <c>Authorization=AAD</c>, perhaps with <c>;ClientId=…</c> of a user-assigned identity; null: the connection string
    /// is enough.
    /// </summary>
    internal static TokenCredential? Credential(string? authentication)
    {
        Dictionary<string, string> parts = new(StringComparer.OrdinalIgnoreCase);
        foreach (string part in (authentication ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            parts[pair[0]] = pair.Length > 1 ? pair[1] : "";
        }

        return parts.GetValueOrDefault("Authorization") is { } kind && kind.Equals("AAD", StringComparison.OrdinalIgnoreCase)
            ? new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = parts.GetValueOrDefault("ClientId") })
            : null;
    }
}
