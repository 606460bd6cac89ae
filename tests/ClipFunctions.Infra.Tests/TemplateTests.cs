using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClipFunctions.LocalHost.BlobTrigger;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Http.Operations;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Testing;
using static ClipFunctions.Infra.Tests.ArmTemplate;

namespace ClipFunctions.Infra.Tests;

public sealed partial class TemplateTests(CompiledTemplates templates)
{
    // Settings of the Functions host and of App Service, which our own documentation need not list.
    private static readonly string[] HostSettings =
    [
        "FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_WORKER_RUNTIME", "AzureFunctionsWebHost__hostid", "AzureWebJobsDisableHomepage", "AzureWebJobs.EvaluationSchedule.Disabled",
        "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    ];

    private static readonly string[] ConnectionParts = ["blobServiceUri", "queueServiceUri", "tableServiceUri", "credential", "clientId"];

    private static StorageLayout Layout { get; } = new();

    private static string[] Queues => [Layout.EvaluationQueue, Layout.ShardQueue, Layout.FitQueue];

    [Fact]
    public void EverythingCompilesAndTheLinterIsContent()
    {
        Assert.NotNull(templates["main"]);
        Assert.Equal("", templates.Diagnostics);
        Assert.Equal(Directory.GetFiles(CompiledTemplates.Sources, "*.bicep", SearchOption.AllDirectories).Length, templates.Names.Count);
    }

    [Fact]
    public void KeysAreTurnedOffWhereverThereAreKeys()
    {
        JsonNode storage = Resources(templates["modules/storage"], "Microsoft.Storage/storageAccounts").Single()["properties"]!;
        Assert.False((bool)storage["allowSharedKeyAccess"]!);
        Assert.False((bool)storage["allowBlobPublicAccess"]!);
        Assert.False((bool)storage["isLocalUserEnabled"]!);
        Assert.True((bool)storage["supportsHttpsTrafficOnly"]!);
        Assert.Equal("TLS1_2", (string?)storage["minimumTlsVersion"]);

        JsonNode registry = Resources(templates["modules/registry"], "Microsoft.ContainerRegistry/registries").Single()["properties"]!;
        Assert.False((bool)registry["adminUserEnabled"]!);
        Assert.False((bool)registry["anonymousPullEnabled"]!);

        Assert.True((bool)Resources(templates["modules/monitoring"], "Microsoft.Insights/components").Single()["properties"]!["DisableLocalAuth"]!);
        Assert.True((bool)Resources(templates["modules/monitoring"], "Microsoft.OperationalInsights/workspaces").Single()["properties"]!["features"]!["disableLocalAuth"]!);
        Assert.All(Resources(templates["modules/premium-app"], "Microsoft.Web/sites/basicPublishingCredentialsPolicies"), policy => Assert.False((bool)policy["properties"]!["allow"]!));
    }

    [Fact]
    public void NoTemplateAsksForAKeyAndNoOutputHoldsASecret()
    {
        foreach (string name in templates.Names)
        {
            JsonObject template = templates[name];
            Assert.DoesNotMatch("(?i)list(Keys|Credentials|AccountSas|ServiceSas|Secrets|AdminKeys)\\(|AccountKey=|SharedAccessKey", template.ToJsonString());
            foreach ((string output, JsonNode? value) in template["outputs"]?.AsObject() ?? [])
            {
                string text = value!.ToJsonString();
                Assert.DoesNotContain("ConnectionString", text, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("secure", (string)value["type"]!, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotMatch("(?i)key|secret|password|webhook", output);
            }
        }

        // The one secret that goes in: the webhook's address with its key.
        Assert.Equal("securestring", (string?)templates["event-subscription"]["parameters"]!["webhookUrl"]!["type"], ignoreCase: true);
    }

    [Fact]
    public void EveryParameterAndOutputIsDescribed()
    {
        foreach (string name in templates.Names)
        {
            foreach (string kind in (string[])["parameters", "outputs"])
            {
                foreach ((string key, JsonNode? value) in templates[name][kind]?.AsObject() ?? [])
                {
                    Assert.True(value!["metadata"]?["description"] is not null, $"{name}: {kind} {key} has no description.");
                }
            }
        }
    }

    [Fact]
    public void OnlyStableApiVersionsAreUsed()
    {
        // Diagnostic settings have never had a stable version.
        IEnumerable<string> previews = templates.Names
            .SelectMany(name => All(templates[name]))
            .Where(resource => ((string?)resource["apiVersion"])?.Contains("preview", StringComparison.Ordinal) == true)
            .Select(resource => (string)resource["type"]!);
        Assert.Equal(["Microsoft.Insights/diagnosticSettings"], previews);
    }

    [Fact]
    public void ContainersAndQueuesAreThoseOfThePipeline()
    {
        JsonObject storage = templates["modules/storage"];
        Assert.Equal([.. Layout.Containers, Layout.Models, "event-dead-letters"], Texts(Variable(storage, "containers")));
        Assert.Equal(Queues, Texts(Variable(storage, "workQueues")));
        string queues = (string)Variable(storage, "queues")!;
        Assert.Contains($"'{{0}}{EvaluationQueues.PoisonSuffix}'", queues, StringComparison.Ordinal);
        Assert.Contains($"'{BlobTriggerOptions.PoisonQueue}'", queues, StringComparison.Ordinal);

        // The queue between trigger and function is named after the host's id, which the app is given.
        const string Prefix = "azure-webjobs-blobtrigger-";
        Assert.Equal(Prefix + "x", new BlobTriggerOptions { HostId = "x" }.QueueName);
        Assert.Contains($"{Prefix}{{0}}', variables('hostId')", Text(templates["app"]), StringComparison.Ordinal);
        Assert.Equal("[format('clip-{0}', parameters('resourceToken'))]", (string?)Variable(templates["app"], "hostId"));
        Assert.Contains($"{Prefix}clip-{{0}}', variables('resourceToken')", Text(templates["main"]), StringComparison.Ordinal);
    }

    [Fact]
    public void TheAppMayDoWhatItMustAndNoMore()
    {
        JsonObject roles = templates["modules/roles"];
        Dictionary<string, string> ids = Variable(roles, "roles").AsObject().ToDictionary(role => role.Key, role => (string)role.Value!);
        Assert.Equal("b7e6dc6d-f1e8-4753-8033-0f276bb0955b", ids["storageBlobDataOwner"]);
        Assert.Equal("974c5e8b-45b9-4653-ba55-5f855dd0fb88", ids["storageQueueDataContributor"]);
        Assert.Equal("17d1049b-9a84-46fb-8f53-869881c3d3ab", ids["storageAccountContributor"]);
        Assert.Equal("0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", ids["storageTableDataContributor"]);
        Assert.Equal("7f951dda-4ed3-4680-a7ca-43fe172d538d", ids["acrPull"]);
        Assert.Equal("3913510d-42f4-4e42-8a64-420c390055eb", ids["monitoringMetricsPublisher"]);
        Assert.Equal(
            ["[variables('roles').storageBlobDataOwner]", "[variables('roles').storageQueueDataContributor]", "[variables('roles').storageAccountContributor]", "[variables('roles').storageTableDataContributor]"],
            Texts(Variable(roles, "appOnStorage")));
        Assert.All(Resources(roles, "Microsoft.Authorization/roleAssignments"), assignment => Assert.NotNull(assignment["scope"]));
    }

    [Fact]
    public void EverySettingIsOneThatTheAppOrItsHostKnows()
    {
        string documented = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "settings.md")) + File.ReadAllText(Path.Combine(RepositoryPaths.Root, "local.settings.sample.json"));
        string app = Text(templates["app"]);
        string[] names = [.. SettingName().Matches(app).Select(match => match.Value).Distinct()];
        Assert.All((string[])["ClipStorage__{0}", "AzureWebJobsStorage__{0}", "Clip__Labels__{0}", "Clip__Model", "AzureWebJobs.TagUploadOnScan.Disabled"], name => Assert.Contains(name, names));
        Assert.All(ConnectionParts, part => Assert.Contains($"'{part}'", app, StringComparison.Ordinal));
        Assert.All(names, name =>
        {
            string setting = name.Replace("__", ":", StringComparison.Ordinal).Replace("{0}", "0", StringComparison.Ordinal);
            Assert.True(
                HostSettings.Contains(name) || name.EndsWith("Storage__{0}", StringComparison.Ordinal) || documented.Contains($"`{setting}`", StringComparison.Ordinal) || documented.Contains($"\"{setting}\"", StringComparison.Ordinal),
                $"docs/settings.md does not know '{setting}'.");
        });
    }

    [Fact]
    public void TheGpuAppIsAFunctionAppThatSleepsAndIsWokenByEveryQueue()
    {
        JsonObject template = templates["modules/container-app"];
        JsonObject app = Resources(template, "Microsoft.App/containerApps").Single();
        Assert.Equal("functionapp", (string?)app["kind"]);
        Assert.Equal("Single", (string?)app["properties"]!["configuration"]!["activeRevisionsMode"]);
        JsonNode scale = app["properties"]!["template"]!["scale"]!;
        Assert.True((bool)scale["allowScalingRuleOverride"]!);

        JsonArray rules = Variable(template, "queueRules").AsArray();
        Assert.Equal([.. Queues, "[parameters('blobTriggerQueue')]"], rules.Select(rule => (string)rule!["queue"]!).Order(QueueOrder));
        Assert.Contains("'http'", (string)scale["rules"]!, StringComparison.Ordinal);

        // A rule that counts the blobs of a container would never let the app sleep: uploads stay.
        Assert.DoesNotContain("azure-blob", template.ToJsonString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("Consumption-GPU-NC8as-T4", (string?)Variable(template, "profiles")["T4"]!["type"]);
        Assert.Equal("Consumption-GPU-NC24-A100", (string?)Variable(template, "profiles")["A100"]!["type"]);
    }

    [Fact]
    public void ProbesAskRoutesThatAreOpenToAll()
    {
        JsonNode container = Resources(templates["modules/container-app"], "Microsoft.App/containerApps").Single()["properties"]!["template"]!["containers"]![0]!;
        JsonArray probes = container["probes"]!.AsArray();
        Assert.Equal(["Startup", "Liveness", "Readiness"], probes.Select(probe => (string?)probe!["type"]));
        string premium = (string)Resources(templates["modules/premium-app"], "Microsoft.Web/sites").Single()["properties"]!["siteConfig"]!["healthCheckPath"]!;
        Assert.All(probes.Select(probe => (string)probe!["httpGet"]!["path"]!).Append(premium), path =>
            Assert.Contains(ClipOperations.All, operation => "/" + operation.Route == path && operation.Access == OperationAccess.Public));
    }

    [Fact]
    public void OneEventComesForEachCompleteUpload()
    {
        JsonObject template = templates["event-subscription"];
        JsonNode filter = Resources(template, "Microsoft.EventGrid/systemTopics/eventSubscriptions").Single()["properties"]!["filter"]!;
        Assert.Equal(["Microsoft.Storage.BlobCreated"], Texts(filter["includedEventTypes"]));
        Assert.Equal($"[format('/blobServices/default/containers/{Layout.Uploads}/blobs/{{0}}', parameters('prefix'))]", (string?)filter["subjectBeginsWith"]);
        JsonNode apis = Variable(template, "apiFilter");
        Assert.Equal("data.api", (string?)apis["key"]);
        Assert.DoesNotContain("CreateFile", Texts(apis["values"]));
        Assert.All((string[])["PutBlob", "PutBlockList", "FlushWithClose", "CopyBlob"], api => Assert.Contains(api, Texts(apis["values"])));
    }

    [Fact]
    public void AzdsParametersAndTheHooksOnesAreTheTemplates()
    {
        JsonObject main = templates["main"];
        JsonObject azd = JsonNode.Parse(File.ReadAllText(Path.Combine(CompiledTemplates.Sources, "main.parameters.json")))!["parameters"]!.AsObject();
        Assert.All(azd, parameter => Assert.NotNull(main["parameters"]![parameter.Key]));
        Assert.All(main["parameters"]!.AsObject().Where(parameter => parameter.Value!["defaultValue"] is null && parameter.Value["nullable"] is null), parameter => Assert.NotNull(azd[parameter.Key]));

        JsonObject module = All(main).Single(resource => (string?)resource["name"] == "app");
        IEnumerable<string> given = module["properties"]!["parameters"]!.AsObject().Select(parameter => parameter.Key);
        IEnumerable<string> known = templates["app"]["parameters"]!.AsObject().Select(parameter => parameter.Key);
        Assert.Equal(known.Order(), given.Order());
        string output = Text(main["outputs"]!["CLIP_APP_PARAMETERS"]!);
        Assert.All(known.Where(name => name != "image"), name => Assert.Contains($"'{name}'", output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("premium", "hosting", "premium")]
    [InlineData("private-a100", "gpu", "A100")]
    [InlineData("internal-scan", "uploadTrigger", "scan")]
    public async Task ExamplesCompile(string example, string parameter, string value)
    {
        JsonObject parameters = await templates.ExampleAsync(example);
        Assert.Equal(value, (string?)parameters[parameter]!["value"]);
        Assert.All(parameters, given => Assert.NotNull(templates["main"]["parameters"]![given.Key]));
    }

    private static readonly Comparer<string> QueueOrder = Comparer<string>.Create((a, b) => Rank(a).CompareTo(Rank(b)));

    private static int Rank(string queue) => Array.IndexOf(Queues, queue) is >= 0 and int index ? index : int.MaxValue;

    [GeneratedRegex(@"(?<=')((Clip|ClipStorage|AzureWebJobsStorage|AzureFunctionsWebHost)__[A-Za-z_{}0-9]+|AzureWebJobs[A-Za-z.]+|[A-Z]+_[A-Z_]+)(?=')")]
    private static partial Regex SettingName();
}
