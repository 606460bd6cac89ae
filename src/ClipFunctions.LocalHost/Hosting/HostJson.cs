using System.Globalization;
using System.Text.Json;

namespace ClipFunctions.LocalHost.Hosting;

/// <summary>What this host takes from <c>host.json</c>; the names, meanings and defaults are the Functions host's.</summary>
public sealed record HostJson
{
    /// <summary>The file's name.</summary>
    public const string FileName = "host.json";

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
    /// <exception cref="InvalidDataException">A value is not of its kind or out of its range.</exception>
    public static HostJson Read(string path)
    {
        HostJson defaults = new();
        if (!File.Exists(path))
        {
            return defaults;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), JsonFile.Options);
            JsonElement root = document.RootElement;
            return new HostJson
            {
                BlobParallelism = Number(root, path, defaults.BlobParallelism, 1, 1024, "extensions", "blobs", "maxDegreeOfParallelism"),
                PoisonBlobThreshold = Number(root, path, defaults.PoisonBlobThreshold, 1, 1000, "extensions", "blobs", "poisonBlobThreshold"),
                MaxDequeueCount = Number(root, path, defaults.MaxDequeueCount, 1, 1000, "extensions", "queues", "maxDequeueCount"),
                MaxPollingInterval = Time(root, path, defaults.MaxPollingInterval, "extensions", "queues", "maxPollingInterval"),
                RoutePrefix = Find(root, "extensions", "http", "routePrefix")?.GetString() ?? defaults.RoutePrefix,
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path} is not a host file: {exception.Message}", exception);
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

    private static int Number(JsonElement root, string path, int absent, int least, int most, params ReadOnlySpan<string> names)
    {
        if (Find(root, names) is not { } element)
        {
            return absent;
        }

        return element.TryGetInt32(out int value) && value >= least && value <= most
            ? value
            : throw new InvalidDataException($"{path}: {string.Join('.', names!)} is {element}; it must be a whole number from {least} to {most}.");
    }

    private static TimeSpan Time(JsonElement root, string path, TimeSpan absent, params ReadOnlySpan<string> names)
    {
        if (Find(root, names) is not { } element)
        {
            return absent;
        }

        return TimeSpan.TryParse(element.GetString(), CultureInfo.InvariantCulture, out TimeSpan value) && value > TimeSpan.Zero
            ? value
            : throw new InvalidDataException($"{path}: {string.Join('.', names!)} is {element}; it must be a time such as 00:00:01.");
    }
}
