using System.Text.Json;
using ClipFunctions.FunctionsTestHost.Protocol;

namespace ClipFunctions.FunctionsTestHost;

/// <summary>A function as the worker describes it.</summary>
public sealed class LoadedFunction
{
    internal LoadedFunction(FunctionMetadata metadata)
    {
        Metadata = metadata;
        Trigger = metadata.RawBindings
            .Select(binding => JsonSerializer.Deserialize<JsonElement>(binding))
            .First(binding => binding.GetProperty("type").GetString()!.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Its name.</summary>
    public string Name => Metadata.Name;

    /// <summary>Its trigger's binding.</summary>
    public JsonElement Trigger { get; }

    /// <summary>The trigger's kind, such as <c>queueTrigger</c>.</summary>
    public string Kind => Trigger.GetProperty("type").GetString()!;

    /// <summary>The parameter that takes what triggers it.</summary>
    public string Parameter => Trigger.GetProperty("name").GetString()!;

    internal FunctionMetadata Metadata { get; }

    /// <summary>A property of the trigger; null if it has none of that name.</summary>
    public string? Property(string name) => Trigger.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
