using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Cli.Commands;

/// <summary>An architecture in words and in JSON.</summary>
internal static class BundleDescription
{
    public static IEnumerable<IReadOnlyList<string>> Rows(ClipArchitecture architecture)
    {
        VisionArchitecture vision = architecture.Vision;
        TextArchitecture text = architecture.Text;
        string patch = vision.PatchSize is { } size ? string.Create(CultureInfo.InvariantCulture, $", patches of {size} px") : "";
        yield return ["vision", string.Create(CultureInfo.InvariantCulture, $"{vision.Kind}, {vision.ImageSize} px{patch}, width {vision.Width}, layers {string.Join("-", vision.Layers)}, heads {vision.Heads}, pooled by {vision.Pooling}")];
        yield return ["text", string.Create(CultureInfo.InvariantCulture, $"{text.ContextLength} tokens of {text.VocabularySize}, width {text.Width}, layers {text.Layers}, heads {text.Heads}, {(text.Causal ? "causal" : "not causal")}, pooled by {text.Pooling}")];
        yield return ["activation", text.Activation is { } other ? $"{architecture.Activation}, text {other}" : architecture.Activation.ToString()];
        yield return ["vector", string.Create(CultureInfo.InvariantCulture, $"{architecture.EmbeddingDimension} numbers")];
    }

    public static JsonObject Json(ClipArchitecture architecture)
    {
        VisionArchitecture vision = architecture.Vision;
        TextArchitecture text = architecture.Text;
        return new JsonObject
        {
            ["embeddingDimension"] = architecture.EmbeddingDimension,
            ["activation"] = architecture.Activation.ToString(),
            ["vision"] = new JsonObject
            {
                ["kind"] = vision.Kind.ToString(),
                ["imageSize"] = vision.ImageSize,
                ["patchSize"] = vision.PatchSize,
                ["width"] = vision.Width,
                ["layers"] = new JsonArray([.. vision.Layers.Select(layers => JsonValue.Create(layers))]),
                ["heads"] = vision.Heads,
                ["pooling"] = vision.Pooling.ToString(),
            },
            ["text"] = new JsonObject
            {
                ["contextLength"] = text.ContextLength,
                ["vocabularySize"] = text.VocabularySize,
                ["width"] = text.Width,
                ["layers"] = text.Layers,
                ["heads"] = text.Heads,
                ["causal"] = text.Causal,
                ["pooling"] = text.Pooling.ToString(),
            },
        };
    }
}
