using System.Text.Json.Nodes;
using static ClipFunctions.Infra.Tests.ArmTemplate;

namespace ClipFunctions.Infra.Tests;

/// <summary>Every role that is given to anybody.</summary>
public sealed class RoleTests(CompiledTemplates templates)
{
    [Fact]
    public void TheseAreAllTheRoleAssignmentsThereAre()
    {
        // Template, on what, to whom, as what.
        string[] expected =
        [
            "modules/events: Microsoft.Storage/storageAccounts/blobServices/containers to the topic as storageBlobDataContributor",
            "modules/roles: Microsoft.ContainerRegistry/registries to the app as variables('roles').acrPull",
            "modules/roles: Microsoft.Insights/components to the app as variables('roles').monitoringMetricsPublisher",
            "modules/roles: Microsoft.Storage/storageAccounts to the app as each of appOnStorage",
            "modules/roles: Microsoft.Storage/storageAccounts to the operator as each of operatorOnStorage",
        ];
        Assert.Equal(expected, templates.Names.SelectMany(Assignments).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void OnStorageTheAppHasWhatItsTriggersAskForAndAnOperatorTheDataAlone()
    {
        JsonObject roles = templates["modules/roles"];
        Assert.Equal(
            ["storageBlobDataOwner", "storageQueueDataContributor", "storageAccountContributor", "storageTableDataContributor"],
            Texts(Variable(roles, "appOnStorage")).Select(Named));
        string toOperators = (string)Variable(roles, "operatorOnStorage")!;
        Assert.Equal(
            "[if(empty(parameters('operatorId')), createArray(), createArray(variables('roles').storageBlobDataOwner, variables('roles').storageQueueDataContributor))]",
            toOperators);

        // No template names a role that is not among these, by its id or otherwise.
        HashSet<string> known = [.. Variable(roles, "roles").AsObject().Select(role => (string)role.Value!), (string)Variable(templates["modules/events"], "storageBlobDataContributor")!];
        Assert.Equal(7, known.Count);
        Assert.All(templates.Names.Where(name => name is not "modules/roles" and not "modules/events"), name =>
            Assert.DoesNotContain("roleDefinitions", Own(templates[name]), StringComparison.OrdinalIgnoreCase));
    }

    private IEnumerable<string> Assignments(string name) =>
        Resources(templates[name], "Microsoft.Authorization/roleAssignments").Select(assignment =>
        {
            string scope = (string)assignment["scope"]!;
            string principal = (string)assignment["properties"]!["principalId"]!;
            string role = (string)assignment["properties"]!["roleDefinitionId"]!;
            string on = scope[(scope.IndexOf('\'', StringComparison.Ordinal) + 1)..];
            string what = assignment["copy"] is { } copy ? "each of " + Named((string)copy["count"]!) : role[(role.LastIndexOf(", ", StringComparison.Ordinal) + 2)..].TrimEnd(']', ')').Replace("variables('storageBlobDataContributor'", "storageBlobDataContributor", StringComparison.Ordinal);
            string whom = principal.Contains("operatorId", StringComparison.Ordinal) ? "the operator" : principal.Contains("userAssignedIdentities", StringComparison.Ordinal) || principal.Contains("'identity'", StringComparison.Ordinal) ? "the app" : principal.Contains("systemTopics", StringComparison.Ordinal) || principal.Contains("'topic'", StringComparison.Ordinal) ? "the topic" : principal;
            return $"{name}: {on[..on.IndexOf('\'', StringComparison.Ordinal)]} to {whom} as {what}";
        });

    private static string Named(string expression) => System.Text.RegularExpressions.Regex.Match(expression, @"(?<=\.)\w+|(?<=variables\(')\w+(?='\)\)\])").Value;

    // Without the modules that are compiled into it.
    private static string Own(JsonObject template) => string.Concat(All(template)
        .Where(resource => (string?)resource["type"] != "Microsoft.Resources/deployments")
        .Select(resource => resource.ToJsonString()));
}
