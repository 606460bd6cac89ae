using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>A message as a host hands it over.</summary>
/// <param name="Body">The message, in Base64 or plain.</param>
/// <param name="MessageId">Names the message; the same at each delivery.</param>
/// <param name="IsLastTry">Whether the host gives up if this try throws.</param>
public sealed record QueueDelivery(BinaryData Body, string MessageId, bool IsLastTry)
{
    /// <summary>The message without its Base64.</summary>
    public BinaryData Body { get; } = QueueText.Decode(Body);
}
