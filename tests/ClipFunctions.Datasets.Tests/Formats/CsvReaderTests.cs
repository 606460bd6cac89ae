using System.Text;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Formats;
using CsCheck;

namespace ClipFunctions.Datasets.Tests.Formats;

public class CsvReaderTests
{
    private static readonly Gen<string> Text = Gen.OneOf("a", "b", ",", "\"", "\n", "\r\n", " ", "ü", "🐈", "").Array[0, 6].Select(string.Concat);

    [Fact]
    public Task WhatIsWrittenByTheRulesIsReadAgain() =>
        Gen.Select(Text.Array[1, 5].Array[0, 8], Gen.Bool, Gen.Bool, Gen.Int[1, 9]).SampleAsync(
            async (records, always, crlf, piece) =>
            {
                string end = crlf ? "\r\n" : "\n";
                string csv = string.Concat(records.Select(record => string.Join(',', record.Select(field => Write(field, always))) + end));

                // One empty field, unquoted, is an empty line.
                IEnumerable<string[]> expected = records.Where(record => always || record is not [""]).Select(record => record.Select(field => field.ReplaceLineEndings("\n")).ToArray());

                Assert.Equal(expected, (await ReadAsync(csv, piece)).Select(read => read.Fields ?? ["(broken)"]));
            },
            iter: 5000);

    [Fact]
    public Task AnyTextReadsAsAPlainParserReadsIt() =>
        Gen.Select(Gen.OneOf("a", ",", "\"", "\"\"", "\n", "\r", "b", "\",\"").Array[0, 30].Select(string.Concat), Gen.Int[1, 9]).SampleAsync(
            async (csv, piece) => Assert.Equal(Plain(csv).Select(Shown), (await ReadAsync(csv, piece)).Select(Shown)),
            iter: 20_000);

    private static string Shown((long Line, string[]? Fields) record) => $"{record.Line}: {(record.Fields is null ? "broken" : string.Join('|', record.Fields))}";

    private static string Write(string field, bool always) =>
        always || field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;

    private static async Task<List<(long Line, string[]? Fields)>> ReadAsync(string csv, int piece)
    {
        MemoryFiles files = new() { PieceSize = piece };
        files["a.csv"] = Encoding.UTF8.GetBytes(csv);
        await using Stream stream = await files.OpenAsync(files.File("a.csv"), 0, null, TestContext.Current.CancellationToken);
        using LineReader lines = new(stream, 1 << 16);
        CsvReader reader = new(lines);
        List<(long, string[]?)> records = [];
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            records.Add((reader.Number, reader.Problem is null ? [.. reader.Fields] : null));
        }

        return records;
    }

    /// <summary>Tries for each line the shortest run of lines from there on that makes a record, character by character.</summary>
    private static List<(long Line, string[]? Fields)> Plain(string csv)
    {
        string[] lines = csv.Split('\n');
        lines = lines[^1].Length == 0 ? lines[..^1] : lines;
        lines = [.. lines.Select(line => line.EndsWith('\r') ? line[..^1] : line)];
        List<(long, string[]?)> records = [];
        for (int at = 0; at < lines.Length;)
        {
            if (lines[at].Length == 0)
            {
                at++;
                continue;
            }

            int count = 1;
            (char state, string[] fields) = Machine(lines[at]);
            while (state == 'q' && at + count < lines.Length)
            {
                count++;
                (state, fields) = Machine(string.Join('\n', lines[at..(at + count)]));
            }

            bool good = state is not ('q' or 'x');
            records.Add((at + 1, good ? fields : null));
            at += good ? count : 1;
        }

        return records;
    }

    // States: s at a field's start, u in an unquoted field, q in a quoted one, e after a quote within it, x broken.
    private static (char State, string[] Fields) Machine(string text)
    {
        List<string> fields = [];
        StringBuilder field = new();
        char state = 's';
        foreach (char c in text)
        {
            char before = state;
            state = (state, c) switch
            {
                ('x', _) => 'x',
                ('s', '"') => 'q',
                ('q', '"') => 'e',
                ('q', _) => 'q',
                ('e', '"') => 'q',
                ('s' or 'u' or 'e', ',') => ',',
                ('e', _) => 'x',
                (_, '"') => 'x',
                _ => 'u',
            };
            if (state == ',')
            {
                fields.Add(field.ToString());
                field.Clear();
                state = 's';
            }
            else if (state == 'u' || (state == 'q' && before != 's'))
            {
                field.Append(c);
            }
        }

        fields.Add(field.ToString());
        return (state, [.. fields]);
    }
}
