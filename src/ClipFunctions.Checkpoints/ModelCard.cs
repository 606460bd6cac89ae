using System.Text.Json;
using System.Text.Json.Serialization;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints;

/// <summary>
/// <c>model_card.json</c> beside a checkpoint: what its tensors do not tell. Every field may be absent; others are ignored.
/// </summary>
internal sealed record ModelCard
{
    public const string FileName = "model_card.json";
    private const int MaximumBytes = 1 << 20;

    public string? Id { get; init; }

    [JsonPropertyName("context_length")]
    public int? ContextLength { get; init; }

    public IReadOnlyList<float>? Mean { get; init; }

    public IReadOnlyList<float>? Std { get; init; }

    /// <summary><c>quickgelu</c> (or <c>quick_gelu</c>) or <c>gelu</c>.</summary>
    public string? Activation { get; init; }

    public string? Tokenizer { get; init; }

    public string? Labels { get; init; }

    /// <summary>The activation, or null if the card names none.</summary>
    public ActivationKind? ActivationKind(string path) => Activation switch
    {
        null => null,
        "quickgelu" or "quick_gelu" => Clip.Bundles.ActivationKind.QuickGelu,
        "gelu" => Clip.Bundles.ActivationKind.Gelu,
        _ => throw new InvalidCheckpointException(path, "activation", $"expected quickgelu or gelu, found '{Activation}'."),
    };

    public static ModelCard Load(string path)
    {
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MaximumBytes)
            {
                throw new InvalidCheckpointException(path, null, $"{length} bytes are more than a model card may have ({MaximumBytes}).");
            }

            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ModelCardJsonContext.Default.ModelCard)
                ?? throw new InvalidCheckpointException(path, null, "expected an object, found null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidCheckpointException(path, exception.Path, exception.Message, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidCheckpointException(path, null, $"cannot be read: {exception.Message}", exception);
        }
    }
}
