using System.Text.Json;
using ClipFunctions.FunctionsTestHost;

namespace ClipFunctions.App.Tests.Metadata;

/// <summary>The functions of the built app, as <c>functions.metadata</c> lists them for the host.</summary>
internal static class BuiltFunctions
{
    public static IReadOnlyDictionary<string, JsonElement> Triggers { get; } = Read();

    public static string? Property(JsonElement trigger, string name) => trigger.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static Dictionary<string, JsonElement> Read()
    {
        JsonElement functions = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(FunctionsHost.AppFolder, "functions.metadata")));
        return functions.EnumerateArray().ToDictionary(
            function => function.GetProperty("name").GetString()!,
            function => function.GetProperty("bindings").EnumerateArray().Single(binding => binding.GetProperty("type").GetString()!.EndsWith("Trigger", StringComparison.Ordinal)),
            StringComparer.Ordinal);
    }
}
