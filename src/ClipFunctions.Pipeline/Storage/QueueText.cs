using System.Buffers;
using System.Buffers.Text;

namespace ClipFunctions.Pipeline.Storage;

/// <summary>The two forms that a queue's messages come in: Base64, which storage SDKs for functions write, and plain JSON, which people and the Azure CLI write.</summary>
public static class QueueText
{
    private const byte ByteOrderMark = 0xEF;

    /// <summary>The message without its Base64; a message that is not Base64 stays as it is. No JSON object is Base64, so that there is no doubt.</summary>
    /// <param name="body">The message as it stands in the queue, or already decoded.</param>
    public static BinaryData Decode(BinaryData body)
    {
        ArgumentNullException.ThrowIfNull(body);
        ReadOnlySpan<byte> text = body.ToMemory().Span.Trim(" \t\r\n"u8);
        if (text.IsEmpty || text[0] is (byte)'{' or (byte)'[' or (byte)'"' or ByteOrderMark)
        {
            return body;
        }

        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return Base64.DecodeFromUtf8(text, decoded, out _, out int written) == OperationStatus.Done ? new BinaryData(decoded.AsMemory(0, written)) : body;
    }
}
