using System.CommandLine;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching;

namespace ClipFunctions.Cli;

/// <summary>The options that every command knows. Where one is not given, its environment variable counts, then the default.</summary>
internal sealed class GlobalOptions
{
    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON instead of tables.", Recursive = true };

    public Option<string?> CacheDirectory { get; } = new("--cache") { Description = "The directory of models (CLIP_CACHE; default: the user's cache folder).", HelpName = "DIR", Recursive = true };

    public Option<string?> Device { get; } = new("--device") { Description = "auto, cpu, cuda or cuda:N (CLIP_DEVICE; default: auto).", HelpName = "DEVICE", Recursive = true };

    public Option<bool> Offline { get; } = new("--offline") { Description = "Fetch nothing (CLIP_OFFLINE=1).", Recursive = true };

    public Option<string?> HubUrl { get; } = new("--hub-url") { Description = "The model hub's address, for mirrors (HF_ENDPOINT). Its token is read from HF_TOKEN.", HelpName = "URL", Recursive = true };

    public Option<string?> Catalog { get; } = new("--catalog") { Description = "A JSON file with further models (CLIP_CATALOG).", HelpName = "FILE", Recursive = true };

    public void AddTo(Command root)
    {
        foreach (Option option in (Option[])[Json, CacheDirectory, Device, Offline, HubUrl, Catalog])
        {
            root.Add(option);
        }
    }

    /// <summary>What the options and the environment say of the model cache.</summary>
    /// <exception cref="UsageException">The hub's address is none.</exception>
    public ModelCacheOptions CacheOptions(ParseResult parsed, ModelPrecision? precision = null, IReadOnlyList<string>? acceptedLicences = null, bool keepCheckpoints = false, bool fast = false)
    {
        ModelCacheOptions defaults = new();
        string? hub = parsed.GetValue(HubUrl) ?? Environment("HF_ENDPOINT");
        return defaults with
        {
            CacheDirectory = Path.GetFullPath(parsed.GetValue(CacheDirectory) ?? Environment("CLIP_CACHE") ?? defaults.CacheDirectory),
            Model = new ClipModelOptions
            {
                Device = parsed.GetValue(Device) ?? Environment("CLIP_DEVICE") ?? "auto",
                Preprocessing = fast ? PreprocessingMode.Fast : PreprocessingMode.Exact,

                // Pictures are decoded meanwhile.
                AllowSpinning = false,
            },
            Precision = precision,
            Offline = parsed.GetValue(Offline) || Environment("CLIP_OFFLINE") is "1" or "true",
            HubUrl = hub is null ? defaults.HubUrl : Uri.TryCreate(hub, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? address : throw new UsageException($"'{hub}' is no address of a hub: expected https://…"),
            HubToken = Environment("HF_TOKEN"),
            Catalog = parsed.GetValue(Catalog) ?? Environment("CLIP_CATALOG"),
            AcceptedLicences = acceptedLicences ?? [],
            KeepCheckpoints = keepCheckpoints,
        };
    }

    /// <summary>The same as settings of the pipeline; null where neither an option nor our own variables say anything.</summary>
    public IEnumerable<(string Key, string? Value)> PipelineSettings(ParseResult parsed) =>
    [
        ("Clip:CacheDirectory", parsed.GetValue(CacheDirectory) ?? Environment("CLIP_CACHE")),
        ("Clip:Device", parsed.GetValue(Device) ?? Environment("CLIP_DEVICE")),
        ("Clip:Offline", parsed.GetValue(Offline) || Environment("CLIP_OFFLINE") is "1" or "true" ? "true" : null),
        ("Clip:HubUrl", parsed.GetValue(HubUrl) ?? Environment("HF_ENDPOINT")),
        ("Clip:HubToken", Environment("HF_TOKEN")),
        ("Clip:Catalog", parsed.GetValue(Catalog) ?? Environment("CLIP_CATALOG")),
    ];

    private static string? Environment(string name) => System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
