using System.Globalization;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.ModelCaching.Downloads;
using Microsoft.Extensions.Configuration;

namespace ClipFunctions.Pipeline.Configuration;

/// <summary>Where models come from and how they are kept, from the section <c>Clip</c>.</summary>
public sealed record ModelCacheSettings
{
    private const double MaxIdleMinutes = 60 * 24 * 365;
    private const long MaxMemoryBudgetMB = 1 << 30;

    /// <summary>The cache's options.</summary>
    public required ModelCacheOptions Cache { get; init; }

    /// <summary>Whether bundles that are made here are stored for other instances (<c>Clip:PushBundles</c>); false by default.</summary>
    public bool PushBundles { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    /// <param name="configuration">The host's configuration.</param>
    /// <exception cref="InvalidSettingException">One cannot be used; it is named.</exception>
    public static ModelCacheSettings FromConfiguration(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        IConfigurationSection clip = configuration.GetSection(ClipOptions.Section);
        ModelCacheOptions defaults = new();
        BatchingOptions batching = Bound(clip.GetSection("Batching"), defaults.Batching);
        ModelCacheOptions options = defaults with
        {
            CacheDirectory = Text(clip, "CacheDirectory") ?? defaults.CacheDirectory,
            Model = defaults.Model with
            {
                Device = Text(clip, "Device") ?? defaults.Model.Device,
                CudaProviderLibrary = Text(clip, "CudaProviderLibrary"),
                Cuda = Bound(clip.GetSection("Cuda"), defaults.Model.Cuda),
                BatchShapes = Choice<BatchShapes>(clip, "BatchShapes"),
                AllowSpinning = Flag(clip, "AllowSpinning"),

                // A batch is run as it was put together.
                MaxImageBatch = Math.Max(defaults.Model.MaxImageBatch, batching.MaxImages),
                ImageLimits = Bound(clip.GetSection("Images"), ImageLimits.Default),
                Preprocessing = Choice<PreprocessingMode>(clip, "Images:Mode"),
            },
            Batching = batching,
            Precision = Precision(clip, "Precision"),
            MemoryBudgetMB = (long)Number(clip, "MemoryBudgetMB", MaxMemoryBudgetMB, whole: true),
            IdleMinutes = Number(clip, "IdleMinutes", MaxIdleMinutes, whole: false),
            Preload = Models(clip, "Preload"),
            Offline = Flag(clip, "Offline"),
            HubUrl = HubUrl(clip, "HubUrl", defaults.HubUrl),
            HubToken = Text(clip, "HubToken"),
            Catalog = Text(clip, "Catalog"),
            AcceptedLicences = List(clip, "AcceptedLicences"),
            KeepCheckpoints = Flag(clip, "KeepCheckpoints"),
            CacheOptimizedGraphs = Text(clip, "CacheOptimizedGraphs") is null ? null : Flag(clip, "CacheOptimizedGraphs"),
        };
        CheckHub(clip, options);
        return new ModelCacheSettings { Cache = options, PushBundles = Flag(clip, "PushBundles") };
    }

    private static string? Text(IConfigurationSection clip, string key) => clip[key] is { } text && text.Trim() is { Length: > 0 } trimmed ? trimmed : null;

    private static bool Flag(IConfigurationSection clip, string key) => Text(clip, key) switch
    {
        null => false,
        { } text when bool.TryParse(text, out bool value) => value,
        { } text => throw Error(clip, key, text, "expected true or false"),
    };

    private static T Choice<T>(IConfigurationSection clip, string key)
        where T : struct, Enum => Text(clip, key) switch
        {
            null => default,
            { } text when Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(value) => value,
            { } text => throw Error(clip, key, text, $"expected one of {string.Join(", ", Enum.GetNames<T>())}"),
        };

    private static double Number(IConfigurationSection clip, string key, double maximum, bool whole)
    {
        if (Text(clip, key) is not { } text)
        {
            return 0;
        }

        NumberStyles styles = whole ? NumberStyles.None : NumberStyles.AllowDecimalPoint;
        return double.TryParse(text, styles, CultureInfo.InvariantCulture, out double value) && value >= 0 && value <= maximum
            ? value
            : throw Error(clip, key, text, string.Create(CultureInfo.InvariantCulture, $"expected a {(whole ? "whole " : "")}number from 0 (for none) to {maximum:F0}"));
    }

    private static ModelPrecision? Precision(IConfigurationSection clip, string key)
    {
        try
        {
            return Text(clip, key) is { } text ? ModelRequest.ParsePrecision(text) : null;
        }
        catch (FormatException exception)
        {
            throw Error(clip, key, exception);
        }
    }

    // A list in a file, or numbered keys, or (for environment variables) one value with commas.
    private static IReadOnlyList<string> List(IConfigurationSection clip, string key)
    {
        IConfigurationSection section = clip.GetSection(key);
        IEnumerable<string?> values = section.Value is { } one ? one.Split(',') : section.GetChildren().Select(child => child.Value);
        return [.. values.Select(value => value?.Trim() ?? "").Where(value => value.Length > 0)];
    }

    private static IReadOnlyList<string> Models(IConfigurationSection clip, string key)
    {
        IReadOnlyList<string> models = List(clip, key);
        foreach (string model in models)
        {
            try
            {
                _ = ModelRequest.Parse(model);
            }
            catch (FormatException exception)
            {
                throw Error(clip, key, exception);
            }
        }

        return models;
    }

    private static Uri HubUrl(IConfigurationSection clip, string key, Uri standard) => Text(clip, key) switch
    {
        null => standard,
        { } text when Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" => address,
        _ => throw new InvalidSettingException($"{clip.Path}:{key}", $"Setting '{clip.Path}:{key}' is no address: expected the form https://host/."),
    };

    private static void CheckHub(IConfigurationSection clip, ModelCacheOptions options)
    {
        try
        {
            using HubClient hub = new(options.HubUrl, options.HubToken);
        }
        catch (ArgumentException exception)
        {
            string key = $"{clip.Path}:{(exception.ParamName == "token" ? "HubToken" : "HubUrl")}";
            throw new InvalidSettingException(key, $"Setting '{key}' cannot be used: {exception.Message}", exception);
        }
    }

    private static T Bound<T>(IConfigurationSection section, T absent)
        where T : class
    {
        try
        {
            return section.Get<T>() ?? absent;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or System.Reflection.TargetInvocationException)
        {
            throw new InvalidSettingException(section.Path, $"Settings in '{section.Path}' cannot be used: {exception.GetBaseException().Message}", exception);
        }
    }

    private static InvalidSettingException Error(IConfigurationSection clip, string key, string text, string expected) =>
        new($"{clip.Path}:{key}", $"Setting '{clip.Path}:{key}' is '{text}'; {expected}.");

    private static InvalidSettingException Error(IConfigurationSection clip, string key, FormatException exception) =>
        new($"{clip.Path}:{key}", $"Setting '{clip.Path}:{key}' cannot be used: {exception.Message}", exception);
}
