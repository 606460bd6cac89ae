using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClipFunctions.LocalHost.BlobTrigger;

/// <summary>The message by which the Functions' blob trigger passes a blob on, also in its poison queue.</summary>
/// <param name="FunctionId">The function, <c>Host.Functions.{name}</c>.</param>
/// <param name="BlobType">Always <c>BlockBlob</c> here.</param>
/// <param name="ContainerName">The container.</param>
/// <param name="BlobName">The blob's path.</param>
/// <param name="ETag">The version, quoted.</param>
public sealed record BlobTriggerMessage(string FunctionId, string BlobType, string ContainerName, string BlobName, string ETag)
{
    /// <summary>Tells the message's kind.</summary>
    [JsonPropertyOrder(-1)]
    public string Type { get; init; } = "BlobTrigger";

    /// <summary>The message as JSON.</summary>
    public BinaryData ToJson() => new(JsonSerializer.SerializeToUtf8Bytes(this, BlobTriggerJson.Default.BlobTriggerMessage));

    /// <summary>Reads a message.</summary>
    /// <exception cref="InvalidDataException">It is not one.</exception>
    public static BlobTriggerMessage Parse(BinaryData body)
    {
        ArgumentNullException.ThrowIfNull(body);
        try
        {
            BlobTriggerMessage? message = JsonSerializer.Deserialize(body, BlobTriggerJson.Default.BlobTriggerMessage);
            return message is { BlobName.Length: > 0, ETag.Length: > 0 }
                ? message
                : throw new InvalidDataException("A blob trigger message names BlobName and ETag; this one does not.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"Not a blob trigger message: {exception.Message}", exception);
        }
    }
}
