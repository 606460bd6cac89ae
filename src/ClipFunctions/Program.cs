using ClipFunctions.Hosting;
using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Poison;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

try
{
    FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
    builder.ConfigureFunctionsWebApplication();
    TriggerSettings.Check(builder.Configuration);
    builder.Services.AddSingleton(HostJson.Read(Path.Combine(AppContext.BaseDirectory, HostJson.FileName), builder.Configuration));
    builder.Services.AddClipPipeline();
    builder.Services.AddHostedService<PoisonSweep>();
    builder.Services.AddTelemetry(builder.Configuration);
    builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Azure", LogLevel.Warning);
    await builder.Build().RunAsync();
    return 0;
}
catch (Exception exception) when (StartFailure.Explain(exception) is { } reason)
{
    await Console.Error.WriteLineAsync(reason);
    return 1;
}
