using ClipFunctions.LocalHost.BlobTrigger;
using ClipFunctions.LocalHost.Evaluations;
using ClipFunctions.LocalHost.Hosting;
using ClipFunctions.LocalHost.Showcase;
using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

try
{
    // appsettings.json stands beside the assembly, the settings files of the Functions app in the folder it is started in.
    WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    string root = Directory.GetCurrentDirectory();
    builder.Configuration.Sources.Insert(0, new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource
    {
        InitialData = LocalSettings.Read(Path.Combine(root, LocalSettings.FileName)),
    });
    HostJson hostJson = HostJson.Read(Path.Combine(root, HostJson.FileName), builder.Configuration);

    builder.Services.AddSingleton(hostJson);
    builder.Services.AddSingleton<HostTelemetry>();
    builder.Services.AddClipPipeline();
    builder.Services.AddKeyedSingleton(HostConnection.Key, (services, _) =>
        StorageConnection.FromConfiguration(services.GetRequiredService<IConfiguration>(), HostConnection.Key));
    builder.Services.AddOptions<BlobTriggerOptions>().BindConfiguration(BlobTriggerOptions.Section).ValidateDataAnnotations().ValidateOnStart();
    if (!builder.Configuration.GetValue<bool>(FunctionNames.DisabledSetting(BlobTriggerOptions.FunctionName)))
    {
        builder.Services.AddHostedService<BlobTriggerService>();
    }

    builder.Services.AddOptions<EvaluationQueueOptions>().BindConfiguration(EvaluationQueueOptions.Section).ValidateDataAnnotations().ValidateOnStart();
    builder.Services.AddHostedService<EvaluationService>();
    builder.Services.AddHostedService<ScheduleService>();
    builder.Services.AddShowcase(builder.Configuration);

    OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
        .WithMetrics(metrics => metrics.AddMeter([.. PipelineTelemetry.Meters, HostTelemetry.Name, "System.Runtime", "Microsoft.AspNetCore.Hosting"]))
        .WithTracing(traces => traces.AddSource(PipelineTelemetry.Name).AddAspNetCoreInstrumentation());
    if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
    {
        telemetry.UseOtlpExporter();
    }

    await using WebApplication app = builder.Build();
    LocalAccess.CheckAddresses(app.Services);
    app.UseLocalAccess();
    app.UseUnmatchedProblems();
    app.UseRouting();
    app.MapClip(hostJson.RoutePrefix);
    await app.StartAsync();
    LocalAccess.CheckAddresses(app.Services);
    await app.WaitForShutdownAsync();
    return Environment.ExitCode;
}
catch (Exception exception) when (StartFailure.Explain(exception) is { } reason)
{
    await Console.Error.WriteLineAsync(reason);
    return 1;
}
