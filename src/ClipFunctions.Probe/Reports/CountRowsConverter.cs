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
        writer.WriteStartArray();
        ArrayBufferWriter<byte> line = new();
        foreach (IReadOnlyList<int> row in value)
        {
            line.ResetWrittenCount();
            line.Write("["u8);
            for (int column = 0; column < row.Count; column++)
            {
                if (column > 0)
                {
                    line.Write(", "u8);
                }

                Utf8Formatter.TryFormat(row[column], line.GetSpan(LongestCount), out int length);
                line.Advance(length);
            }

            line.Write("]"u8);
            writer.WriteRawValue(line.WrittenSpan);
        }

        writer.WriteEndArray();
    }

    private static void Expect(bool holds)
    {
        if (!holds)
        {
            throw new JsonException("Expected rows of whole numbers.");
        }
    }
}
