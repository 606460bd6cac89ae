using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>
/// <c>clip.json</c>: everything there is to know of a model bundle besides its weights. Read with <see cref="Load"/> or
/// <see cref="Parse"/>, which validate it; the text written by <see cref="ToJson"/> is the same from run to run.
/// </summary>
public sealed record BundleManifest
{
    /// <summary>The manifest's file name in a bundle's folder.</summary>
    public const string FileName = "clip.json";

    /// <summary>The version of the manifest's form that this code writes and reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The most bytes a manifest may have.</summary>
    public const int MaximumBytes = 1 << 20;

    /// <summary>The form's version: <see cref="CurrentFormat"/>.</summary>
    public required int Format { get; init; }

    /// <summary>The model's id: letters, digits, <c>. _ - @ /</c>; at most 128 of them.</summary>
    public required string Id { get; init; }

    /// <summary>Architecture and sizes.</summary>
    public required ClipArchitecture Architecture { get; init; }

    /// <summary>How cosines become probabilities.</summary>
    public required ScoringRule Scoring { get; init; }

    /// <summary>What happens to a picture.</summary>
    public required PreprocessingSpec Preprocessing { get; init; }

    /// <summary>What happens to a text.</summary>
    public required TokenizerSpec Tokenizer { get; init; }

    /// <summary>The vision tower's graph.</summary>
    public required GraphSpec Visual { get; init; }

    /// <summary>The text tower's graph.</summary>
    public required GraphSpec Textual { get; init; }

    /// <summary>The arithmetic of the graphs.</summary>
    public required ModelPrecision Precision { get; init; }

    /// <summary>How the weights lie in the graphs' files; <see cref="WeightStorage.Fp32"/> by default.</summary>
    public WeightStorage Weights { get; init; }

    /// <summary>Where the weights come from, if known.</summary>
    public ModelSource? Source { get; init; }

    /// <summary>Name and version of what made the bundle.</summary>
    public required string Converter { get; init; }

    /// <summary>The file of the default label set, if there is one.</summary>
    public string? Labels { get; init; }

    /// <summary>What no file told and was assumed instead, in sentences for people; null if nothing.</summary>
    public IReadOnlyList<string>? Notes { get; init; }

    /// <summary>Every file of the bundle but the manifest itself.</summary>
    public required IReadOnlyList<BundleFile> Files { get; init; }

    /// <summary>
    /// SHA-256 (lower-case hex) of what determines the model's answers: see <see cref="BundleFingerprint"/>. Vectors of different
    /// fingerprints must never be compared.
    /// </summary>
    [JsonIgnore]
    public string Fingerprint => BundleFingerprint.Compute(this);

    /// <summary>Reads and validates a manifest.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidBundleException">It is missing, too large, no JSON, or a field is missing or out of its range.</exception>
    public static BundleManifest Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] json;
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
            {
                throw new InvalidBundleException(path, null, "there is no such file.");
            }

            if (file.Length > MaximumBytes)
            {
                throw new InvalidBundleException(path, null, $"{file.Length} bytes are more than a manifest may have ({MaximumBytes}).");
            }

            json = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidBundleException(path, null, $"cannot be read: {exception.Message}", exception);
        }

        return Parse(json, path);
    }

    /// <summary>Reads and validates a manifest.</summary>
    /// <param name="utf8Json">Its text.</param>
    /// <param name="origin">What to call it in errors.</param>
    /// <exception cref="InvalidBundleException">It is no JSON, or a field is missing or out of its range.</exception>
    public static BundleManifest Parse(ReadOnlySpan<byte> utf8Json, string origin = FileName)
    {
        BundleManifest? manifest;
        try
        {
            ReadOnlySpan<byte> text = utf8Json.StartsWith("\uFEFF"u8) ? utf8Json[3..] : utf8Json;
            manifest = JsonSerializer.Deserialize(text, BundleJsonContext.Default.BundleManifest);
        }
        catch (JsonException exception)
        {
            string? field = exception.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : null;
            throw new InvalidBundleException(origin, field, exception.Message, exception);
        }

        if (manifest is null)
        {
            throw new InvalidBundleException(origin, null, "expected an object, found null.");
        }

        manifest.Validate(origin);
        return manifest;
    }

    /// <summary>Checks every field's range and that names and sizes agree with one another.</summary>
    /// <param name="origin">What to call the manifest in errors.</param>
    /// <exception cref="InvalidBundleException">A field is out of its range.</exception>
    public void Validate(string origin = FileName) => new BundleManifestValidator(this, origin).Validate();

    /// <summary>The manifest's text: UTF-8, indented, ending with a line feed.</summary>
    public byte[] ToJson()
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(this, BundleJsonContext.Default.BundleManifest);
        return [.. json, (byte)'\n'];
    }

    /// <summary>Writes the manifest's text.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    public void Save(string path) => File.WriteAllBytes(path, ToJson());
}
