using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ClipFunctions.Pipeline.Http.Problems;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>
/// Reads a picture in JSON: <c>"data:image/png;base64,…"</c>, <c>"…base64…"</c>, <c>{"base64": "…", "name": "…"}</c> or
/// <c>{"blob": "uploads/…"}</c>. An address (<c>https://…</c>) is refused: nothing is fetched for a request.
/// </summary>
internal sealed class PictureInputConverter : JsonConverter<PictureInput>
{
    // Told as what it is, not as a fault of the JSON; the serializer lets this kind of exception through.
    internal static RequestProblemException NotFetched => RequestProblemException.BadRequest(
        "UrlNotFetched",
        "Nothing is fetched from addresses",
        "Pictures are not fetched from addresses. Send the bytes (as the body, base64, a data URI or multipart/form-data), or name a blob of the uploads container.");

    public override PictureInput Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new PictureInput(ReadBase64(ref reader));
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A picture is a base64 text, a data URI, or an object with base64 or blob.");
        }

        ReadOnlyMemory<byte>? bytes = null;
        string? blob = null;
        string? name = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string property = reader.GetString()!;
            reader.Read();
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
            {
                throw new JsonException($"A picture's '{property}' is a text.");
            }

            switch (property)
            {
                case "base64" or "data" when reader.TokenType == JsonTokenType.String:
                    bytes = ReadBase64(ref reader);
                    break;
                case "blob":
                    blob = reader.GetString();
                    break;
                case "name":
                    name = reader.GetString();
                    break;
                case "url":
                    throw NotFetched;
                case "$type" or "base64" or "data":
                    break;
                default:
                    throw new JsonException($"A picture has no '{property}': base64, blob and name are known.");
            }
        }

        return (bytes, blob) switch
        {
            (not null, null) => new PictureInput(bytes.Value, null, name),
            (null, not null) => new PictureInput(default, blob, name ?? blob),
            _ => throw new JsonException("A picture has either base64 or blob."),
        };
    }

    public override void Write(Utf8JsonWriter writer, PictureInput value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(value.Bytes.Span);

    private static ReadOnlyMemory<byte> ReadBase64(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> text = reader.ValueSpan;
        bool plain = !reader.HasValueSequence && !reader.ValueIsEscaped;
        if (!plain)
        {
            text = Encoding.UTF8.GetBytes(reader.GetString()!);
        }

        return Decode(text);
    }

    internal static ReadOnlyMemory<byte> Decode(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("data:"u8))
        {
            int comma = text.IndexOf((byte)',');
            if (comma < 0 || !text[..comma].EndsWith(";base64"u8))
            {
                throw new JsonException("A data URI has the form data:image/png;base64,…");
            }

            text = text[(comma + 1)..];
        }
        else if (text.StartsWith("http:"u8) || text.StartsWith("https:"u8))
        {
            throw NotFetched;
        }

        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return Base64.DecodeFromUtf8(text, bytes, out int consumed, out int written) == System.Buffers.OperationStatus.Done && consumed == text.Length
            ? bytes.AsMemory(0, written)
            : throw new JsonException("A picture is not base64.");
    }
}
