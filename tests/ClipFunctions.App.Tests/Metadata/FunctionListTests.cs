using System.Reflection;
using System.Text.Json;
using ClipFunctions.FunctionsTestHost;
using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.App.Tests.Metadata;

public sealed class FunctionListTests
{
    private static readonly StorageLayout Layout = new();

    public static TheoryData<string> Operations => [.. ClipOperations.All.Select(operation => operation.Name)];

    [Fact]
    public void HoldsEveryOperationAndEveryTriggerOfThePipelineAndNothingElse()
    {
        Assert.Equal(
            ClipOperations.All.Select(operation => operation.Name).Concat(FunctionNames.All).Order(StringComparer.Ordinal),
            BuiltFunctions.Triggers.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public void AnOperationHasTheRouteMethodAndAccessThatThePipelineGivesIt(string name)
    {
        ClipOperation operation = ClipOperations.Find(name);
        JsonElement trigger = BuiltFunctions.Triggers[name];

        Assert.Equal("httpTrigger", BuiltFunctions.Property(trigger, "type"));
        Assert.Equal(operation.Route.Length > 0 ? operation.Route : ClipRoutes.PageFunction, BuiltFunctions.Property(trigger, "route"));
        Assert.Equal(
            operation.Method == "GET" ? ["get", "head"] : [operation.Method.ToLowerInvariant()],
            trigger.GetProperty("methods").EnumerateArray().Select(method => method.GetString()!));
        Assert.Equal(operation.Access == OperationAccess.Public ? "Anonymous" : "Function", BuiltFunctions.Property(trigger, "authLevel"));
    }

    [Fact]
    public async Task TheLocalHostMapsTheSameRoutesByTheSameMethods()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["ClipStorage"] = "UseDevelopmentStorage=true";
        builder.Services.AddClipPipeline();
        await using WebApplication app = builder.Build();
        app.MapClip(HostJson.Read(Path.Combine(RepositoryPaths.Root, HostJson.FileName)).RoutePrefix);

        IEnumerable<string> local = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods.Select(method => $"{method} {endpoint.RoutePattern.RawText!.Trim('/')}"));
        IEnumerable<string> functions = BuiltFunctions.Triggers.Values.Where(trigger => BuiltFunctions.Property(trigger, "type") == "httpTrigger")
            .SelectMany(trigger => trigger.GetProperty("methods").EnumerateArray().Select(method =>
                $"{method.GetString()!.ToUpperInvariant()} {BuiltFunctions.Property(trigger, "route")!.Replace(ClipRoutes.PageFunction, "", StringComparison.Ordinal)}"));

        Assert.Equal(local.Order(StringComparer.Ordinal), functions.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(FunctionNames.TagUploadOnEvent, "EventGrid")]
    [InlineData(FunctionNames.TagUploadOnScan, "LogsAndContainerScan")]
    public void UploadsComeByTheContainerThatTheLayoutNames(string name, string source)
    {
        JsonElement trigger = BuiltFunctions.Triggers[name];

        Assert.Equal("blobTrigger", BuiltFunctions.Property(trigger, "type"));
        Assert.Equal(Layout.Uploads + "/{name}", BuiltFunctions.Property(trigger, "path"));
        Assert.Equal(source, BuiltFunctions.Property(trigger, "source"));
        Assert.Equal(ClipPipelineServices.StorageSetting, BuiltFunctions.Property(trigger, "connection"));
    }

    [Fact]
    public void StepsListenToTheQueuesThatThePipelineSendsTo()
    {
        (string Function, string Queue)[] steps =
        [
            (FunctionNames.PlanEvaluation, Layout.EvaluationQueue),
            (FunctionNames.ExtractShard, Layout.ShardQueue),
            (FunctionNames.FitEvaluation, Layout.FitQueue),
        ];
        Assert.Equal(Layout.Queues, steps.Select(step => step.Queue));
        foreach ((string function, string queue) in steps)
        {
            JsonElement trigger = BuiltFunctions.Triggers[function];
            Assert.Equal("queueTrigger", BuiltFunctions.Property(trigger, "type"));
            Assert.Equal(queue, BuiltFunctions.Property(trigger, "queueName"));
            Assert.Equal(ClipPipelineServices.StorageSetting, BuiltFunctions.Property(trigger, "connection"));
        }
    }

    [Fact]
    public void TheTimerGoesByTheSettingThatTheScheduleReads()
    {
        JsonElement trigger = BuiltFunctions.Triggers[FunctionNames.EvaluationSchedule];

        Assert.Equal("timerTrigger", BuiltFunctions.Property(trigger, "type"));
        Assert.Equal($"%{EvaluationSchedule.CronSetting}%", BuiltFunctions.Property(trigger, "schedule"));
    }

    [Fact]
    public void EveryFunctionCanBeCancelledOrEndsWithItsRequest()
    {
        MethodInfo[] functions = [.. typeof(Evaluations.PlanEvaluation).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FunctionAttribute>() is not null)];

        Assert.Equal(BuiltFunctions.Triggers.Count, functions.Length);
        Assert.All(functions, method => Assert.True(
            method.GetParameters().Any(parameter => parameter.ParameterType == typeof(CancellationToken) || parameter.GetCustomAttribute<HttpTriggerAttribute>() is not null),
            method.Name));
    }

    [Fact]
    public void SettingsThatAttributesNameStandInTheSample()
    {
        JsonElement sample = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "local.settings.sample.json"))).GetProperty("Values");
        HashSet<string> named = ["AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME"];
        foreach (JsonElement trigger in BuiltFunctions.Triggers.Values)
        {
            foreach (JsonProperty property in trigger.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.String))
            {
                string value = property.Value.GetString()!;
                if (property.Name == "connection")
                {
                    named.Add(value);
                }

                // %setting%
                string[] parts = value.Split('%');
                named.UnionWith(parts.Where((_, i) => i % 2 == 1 && i < parts.Length - 1));
            }
        }

        Assert.All(named, setting => Assert.True(sample.TryGetProperty(setting, out _), setting));
        Assert.Equal("dotnet-isolated", sample.GetProperty("FUNCTIONS_WORKER_RUNTIME").GetString());
        Assert.Equal("true", sample.GetProperty("AzureWebJobsDisableHomepage").GetString());
    }

    [Fact]
    public void TheSampleTurnsOffExactlyOneTriggerOfUploads()
    {
        JsonElement sample = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "local.settings.sample.json"))).GetProperty("Values");

        Assert.Single(
            (string[])[FunctionNames.TagUploadOnEvent, FunctionNames.TagUploadOnScan],
            function => sample.TryGetProperty(FunctionNames.DisabledSetting(function), out JsonElement value) && value.GetString() == "true");
    }

    [Fact]
    public void TheRepositorysHostFileStandsBesideTheApp()
    {
        string built = File.ReadAllText(Path.Combine(FunctionsHost.AppFolder, HostJson.FileName));

        Assert.Equal(File.ReadAllText(Path.Combine(RepositoryPaths.Root, HostJson.FileName)), built);
        JsonElement host = JsonSerializer.Deserialize<JsonElement>(built);
        Assert.False(host.TryGetProperty("extensionBundle", out _), "A bundle would bring other versions of the extensions than the app's own.");
        Assert.Equal("OpenTelemetry", host.GetProperty("telemetryMode").GetString());
        Assert.False(host.GetProperty("concurrency").GetProperty("dynamicConcurrencyEnabled").GetBoolean());
        JsonElement queues = host.GetProperty("extensions").GetProperty("queues");
        Assert.Equal("none", queues.GetProperty("messageEncoding").GetString());
        Assert.Equal(1, queues.GetProperty("batchSize").GetInt32());
        Assert.Equal(0, queues.GetProperty("newBatchThreshold").GetInt32());
        Assert.Equal("", host.GetProperty("extensions").GetProperty("http").GetProperty("routePrefix").GetString());
    }
}
