using System.Text.Json;
using ClipFunctions.Pipeline.Hosting;

namespace ClipFunctions.LocalHost.Hosting;

/// <summary>
/// <c>local.settings.json</c> as the Functions host reads it: the entries of <c>Values</c> are settings, with <c>__</c>
/// or <c>:</c> between the parts of a name. Environment variables and the command line win over it.
/// </summary>
public static class LocalSettings
{
    /// <summary>The file's name.</summary>
    public const string FileName = "local.settings.json";

    /// <summary>The settings of a file; none if it is not there.</summary>
    /// <exception cref="InvalidDataException">It is not such a file, or its values are encrypted.</exception>
    public static IReadOnlyDictionary<string, string?> Read(string path)
    {
        Dictionary<string, string?> values = new(StringComparer.OrdinalIgnoreCase);
        if (!File.Exists(path))
        {
            return values;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), JsonFile.Options);
            if (document.RootElement.TryGetProperty("IsEncrypted", out JsonElement encrypted) && encrypted.ValueKind == JsonValueKind.True)
            {
                throw new InvalidDataException($"{path} is encrypted: run 'func settings decrypt' and start again.");
            }

            if (document.RootElement.TryGetProperty("Values", out JsonElement section))
            {
                foreach (JsonProperty value in section.EnumerateObject())
                {
                    values[value.Name.Replace("__", ":", StringComparison.Ordinal)] = value.Value.ToString();
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path} is not a settings file: {exception.Message}", exception);
        }

        return values;
    }
}
