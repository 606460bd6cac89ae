using System.Globalization;
using System.Text.Json;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.Extensions.Configuration;

namespace ClipFunctions.Pipeline.Hosting;

/// <summary>
/// What the hosts take from <c>host.json</c>; the names, meanings and defaults are the Functions host's. As there, a setting
/// <c>AzureFunctionsJobHost:{path}</c> wins over the file, such as <c>AzureFunctionsJobHost__extensions__queues__maxDequeueCount</c>.
/// </summary>
public sealed record HostJson
{
    /// <summary>The file's name.</summary>
    public const string FileName = "host.json";

    /// <summary>The section of the settings that win over the file.</summary>
    public const string OverrideSection = "AzureFunctionsJobHost";

    /// <summary>Uploads handled at once (<c>extensions.blobs.maxDegreeOfParallelism</c>). Default 8 per core.</summary>
    public int BlobParallelism { get; init; } = 8 * Environment.ProcessorCount;

    /// <summary>Tries before an upload goes to the poison queue (<c>extensions.blobs.poisonBlobThreshold</c>). Default 5.</summary>
    public int PoisonBlobThreshold { get; init; } = 5;

    /// <summary>Tries before another message goes to its poison queue (<c>extensions.queues.maxDequeueCount</c>). Default 5.</summary>
    public int MaxDequeueCount { get; init; } = 5;

    /// <summary>The longest wait between two looks into an empty queue (<c>extensions.queues.maxPollingInterval</c>). Default 1 s here.</summary>
    public TimeSpan MaxPollingInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What routes begin with (<c>extensions.http.routePrefix</c>). Default <c>api</c>.</summary>
    public string RoutePrefix { get; init; } = "api";

    /// <summary>Reads a file; the defaults if it is not there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides">The host's configuration, whose section <see cref="OverrideSection"/> wins over the file; null for nothing.</param>
    /// <exception cref="InvalidDataException">A value of the file is not of its kind or out of its range.</exception>
    /// <exception cref="InvalidSettingException">A setting is.</exception>
    public static HostJson Read(string path, IConfiguration? overrides = null)
    {
        IConfigurationSection? settings = overrides?.GetSection(OverrideSection);
        HostJson defaults = new();
        try
        {
            using JsonDocument document = File.Exists(path) ? JsonDocument.Parse(File.ReadAllBytes(path), JsonFile.Options) : JsonDocument.Parse("{}");
            JsonElement root = document.RootElement;
            return new HostJson
            {
                BlobParallelism = Number(defaults.BlobParallelism, 1, 1024, "extensions", "blobs", "maxDegreeOfParallelism"),
                PoisonBlobThreshold = Number(defaults.PoisonBlobThreshold, 1, 1000, "extensions", "blobs", "poisonBlobThreshold"),
                MaxDequeueCount = Number(defaults.MaxDequeueCount, 1, 1000, "extensions", "queues", "maxDequeueCount"),
                MaxPollingInterval = Time(defaults.MaxPollingInterval, "extensions", "queues", "maxPollingInterval"),
                RoutePrefix = Text("extensions", "http", "routePrefix") ?? defaults.RoutePrefix,
            };

            string? Text(params ReadOnlySpan<string> names) =>
                settings?[string.Join(':', names!)] ?? (Find(root, names) is { } element ? element.ValueKind == JsonValueKind.Number ? element.GetRawText() : element.GetString() : null);

            int Number(int absent, int least, int most, params ReadOnlySpan<string> names) => Text(names) switch
            {
                null => absent,
                { } text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most => value,
                { } text => throw Refusal(text, $"a whole number from {least} to {most}", names),
            };

            TimeSpan Time(TimeSpan absent, params ReadOnlySpan<string> names) => Text(names) switch
            {
                null => absent,
                { } text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value) && value > TimeSpan.Zero => value,
                { } text => throw Refusal(text, "a time such as 00:00:01", names),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path} is not a host file: {exception.Message}", exception);
        }

        Exception Refusal(string text, string expected, params ReadOnlySpan<string> names)
        {
            string setting = $"{OverrideSection}:{string.Join(':', names!)}";
            return settings?[string.Join(':', names!)] is not null
                ? new InvalidSettingException(setting, $"Setting '{setting}' is '{text}'; it must be {expected}.")
                : new InvalidDataException($"{path}: {string.Join('.', names!)} is {text}; it must be {expected}.");
        }
    }

    private static JsonElement? Find(JsonElement element, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (!element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element;
    }
}
