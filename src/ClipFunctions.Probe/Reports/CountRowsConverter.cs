using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClipFunctions.Probe.Reports;

/// <summary>Writes a matrix with one row a line; indented as the rest, a thousand classes would fill a million lines.</summary>
internal sealed class CountRowsConverter : JsonConverter<IReadOnlyList<IReadOnlyList<int>>>
{
    private const int LongestCount = 11;

    public override IReadOnlyList<IReadOnlyList<int>> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Expect(reader.TokenType == JsonTokenType.StartArray);
        List<IReadOnlyList<int>> rows = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(reader.TokenType == JsonTokenType.StartArray);
            List<int> row = [];
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                Expect(reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out _));
                row.Add(reader.GetInt32());
            }

            rows.Add(row.ToArray());
        }

        return rows;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<IReadOnlyList<int>> value, JsonSerializerOptions options)
    {
        // The writer does not indent what it takes as it is.
        byte[] between = [(byte)'\n', .. Enumerable.Repeat((byte)' ', writer.CurrentDepth * options.IndentSize)];
        ArrayBufferWriter<byte> text = new();
        text.Write("["u8);
        for (int row = 0; row < value.Count; row++)
        {
            text.Write(row > 0 ? ","u8 : ""u8);
            text.Write(between);
            text.Write("  ["u8);
            for (int column = 0; column < value[row].Count; column++)
            {
                text.Write(column > 0 ? ", "u8 : ""u8);
                Utf8Formatter.TryFormat(value[row][column], text.GetSpan(LongestCount), out int length);
                text.Advance(length);
            }

            text.Write("]"u8);
        }

        text.Write(between);
        text.Write("]"u8);
        writer.WriteRawValue(text.WrittenSpan);
    }

    private static void Expect(bool holds)
    {
        if (!holds)
        {
            throw new JsonException("Expected rows of whole numbers.");
        }
    }
}
