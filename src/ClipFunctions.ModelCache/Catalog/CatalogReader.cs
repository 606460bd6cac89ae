using System.Text.Json;
using System.Text.Unicode;

namespace ClipFunctions.ModelCaching.Catalog;

/// <summary>Reads <c>{"models": […]}</c> entry by entry, so that an error can name the entry.</summary>
internal static class CatalogReader
{
    private const string Models = "models";
    private const int MaximumEntries = 10_000;

    private static readonly JsonDocumentOptions Options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
        MaxDepth = 16,
    };

    public static IReadOnlyList<CatalogEntry> Read(ReadOnlyMemory<byte> json, string origin)
    {
        using JsonDocument document = ParseDocument(json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json, origin);
        JsonElement models = FindModels(document.RootElement, origin);
        int count = models.GetArrayLength();
        if (count > MaximumEntries)
        {
            throw new InvalidCatalogException(origin, null, Models, $"{count} entries are more than {MaximumEntries}.");
        }

        List<CatalogEntry> entries = new(count);
        foreach (JsonElement model in models.EnumerateArray())
        {
            string place = $"{Models}[{entries.Count}]";
            CatalogEntry entry = ReadEntry(model, origin, place);
            new CatalogEntryValidator(entry, origin, NameOf(entry.Id, place)).Validate();
            entries.Add(entry);
        }

        return entries;
    }

    private static JsonDocument ParseDocument(ReadOnlyMemory<byte> json, string origin)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw new InvalidCatalogException(origin, null, null, "is no JSON that can be read: expected UTF-8, found other bytes.");
        }

        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second: a field's name with half a surrogate pair.
            throw new InvalidCatalogException(origin, null, null, $"is no JSON that can be read: {CatalogEntryValidator.Shorten(exception.Message)}", exception);
        }
    }

    private static JsonElement FindModels(JsonElement root, string origin)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidCatalogException(origin, null, null, $"expected an object {{\"{Models}\": […]}}, found {Describe(root)}.");
        }

        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Name != Models)
            {
                throw new InvalidCatalogException(origin, null, CatalogEntryValidator.Shorten(property.Name), $"is not known; the only field is \"{Models}\".");
            }
        }

        if (!root.TryGetProperty(Models, out JsonElement models))
        {
            throw new InvalidCatalogException(origin, null, Models, "expected an array of entries, found none.");
        }

        return models.ValueKind == JsonValueKind.Array
            ? models
            : throw new InvalidCatalogException(origin, null, Models, $"expected an array of entries, found {Describe(models)}.");
    }

    private static CatalogEntry ReadEntry(JsonElement model, string origin, string place)
    {
        if (model.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidCatalogException(origin, place, null, $"expected an object, found {Describe(model)}.");
        }

        try
        {
            CatalogEntry entry = model.Deserialize(CatalogJsonContext.Default.CatalogEntry)!;

            // The JSON source generator sets an init-only number that is absent to 0.
            return model.TryGetProperty("contextLength", out _) ? entry : entry with { ContextLength = CatalogEntry.DefaultContextLength };
        }
        catch (JsonException exception)
        {
            // The message ends with a path and a line within the entry alone.
            int end = exception.Message.IndexOf(" Path: ", StringComparison.Ordinal);
            string problem = CatalogEntryValidator.Shorten(end < 0 ? exception.Message : exception.Message[..end]);
            string? field = exception.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? CatalogEntryValidator.Shorten(path[2..]) : null;
            throw new InvalidCatalogException(origin, NameOf(IdOf(model), place), field, problem, exception);
        }
    }

    private static string? IdOf(JsonElement model)
    {
        try
        {
            return model.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return null;
        }
    }

    private static string NameOf(string? id, string place) => string.IsNullOrWhiteSpace(id) ? place : CatalogEntryValidator.Shorten(id);

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.Null => "null",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "a truth value",
    };
}
