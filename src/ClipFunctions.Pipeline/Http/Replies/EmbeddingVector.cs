using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A vector in JSON: numbers, or base64 of little-endian float32.</summary>
/// <param name="Values">The numbers.</param>
/// <param name="AsBase64">In which form.</param>
[JsonConverter(typeof(EmbeddingVectorConverter))]
internal readonly record struct EmbeddingVector(ReadOnlyMemory<float> Values, bool AsBase64)
{
    /// <summary>Little-endian float32.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Values.Length * sizeof(float)];
        CopyTo(bytes);
        return bytes;
    }

    public void CopyTo(Span<byte> bytes)
    {
        ReadOnlySpan<float> values = Values.Span;
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(values).CopyTo(bytes);
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes[(i * sizeof(float))..], values[i]);
        }
    }
}

internal sealed class EmbeddingVectorConverter : JsonConverter<EmbeddingVector>
{
    public override EmbeddingVector Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, EmbeddingVector value, JsonSerializerOptions options)
    {
        if (value.AsBase64)
        {
            int length = value.Values.Length * sizeof(float);
            byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
            value.CopyTo(bytes);
            writer.WriteBase64StringValue(bytes.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(bytes);
            return;
        }

        writer.WriteStartArray();
        foreach (float number in value.Values.Span)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }
}
