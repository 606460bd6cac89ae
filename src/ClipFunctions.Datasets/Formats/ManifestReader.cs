using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Formats;

/// <summary>Reads a manifest's lines: CSV with a header, or JSON Lines, with <c>path</c> (or <c>file_name</c>), <c>label</c> and perhaps <c>split</c>.</summary>
internal static class ManifestReader
{
    private const int MaxLineLength = 1 << 16;

    /// <summary>Whether the file begins as a manifest does.</summary>
    public static async Task<bool> IsManifestAsync(IDatasetFiles files, DatasetFile file, CancellationToken cancellationToken)
    {
        await using Stream stream = await files.OpenAsync(file, 0, null, cancellationToken);
        using LineReader lines = new(stream, MaxLineLength);
        if (PictureNames.IsCsv(file.Name))
        {
            return await HeaderAsync(new CsvReader(lines), cancellationToken) is not null;
        }

        while (await lines.ReadAsync(cancellationToken))
        {
            if (!IsBlank(lines))
            {
                ManifestRow row = FromJson(lines);
                return row is { Problem: null, Label.Length: > 0 };
            }
        }

        return false;
    }

    /// <summary>The lines.</summary>
    /// <exception cref="InvalidDatasetException">A CSV has no such header.</exception>
    public static async IAsyncEnumerable<ManifestRow> ReadAsync(IDatasetFiles files, DatasetFile file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using Stream stream = await files.OpenAsync(file, 0, null, cancellationToken);
        using LineReader lines = new(stream, MaxLineLength);
        if (!PictureNames.IsCsv(file.Name))
        {
            while (await lines.ReadAsync(cancellationToken))
            {
                if (!IsBlank(lines))
                {
                    yield return FromJson(lines);
                }
            }

            yield break;
        }

        CsvReader csv = new(lines);
        (int path, int label, int split, int count) = await HeaderAsync(csv, cancellationToken)
            ?? throw new InvalidDatasetException(files.Origin, $"the manifest '{file.Name}' does not begin with a header that names the columns path and label.");
        while (await csv.ReadAsync(cancellationToken))
        {
            string? problem = csv.Problem;
            if (problem is null && csv.Fields.Count != count)
            {
                problem = string.Create(CultureInfo.InvariantCulture, $"It has {csv.Fields.Count} fields; the header has {count}.");
            }

            yield return problem is null
                ? new ManifestRow(csv.Number, csv.Fields[path], csv.Fields[label].Trim(), split < 0 ? null : csv.Fields[split].Trim(), null)
                : new ManifestRow(csv.Number, "", "", null, problem);
        }
    }

    private static async ValueTask<(int Path, int Label, int Split, int Count)?> HeaderAsync(CsvReader csv, CancellationToken cancellationToken)
    {
        if (!await csv.ReadAsync(cancellationToken) || csv.Problem is not null)
        {
            return null;
        }

        int path = Column("path", "file_name");
        int label = Column("label", "class");
        return path < 0 || label < 0 ? null : (path, label, Column("split"), csv.Fields.Count);

        int Column(params ReadOnlySpan<string> names)
        {
            foreach (string name in names)
            {
                for (int i = 0; i < csv.Fields.Count; i++)
                {
                    if (csv.Fields[i].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                    {
                        return i;
                    }
                }
            }

            return -1;
        }
    }

    private static bool IsBlank(LineReader lines) => !lines.IsTooLong && lines.Line.Span.Trim(" \t\uFEFF"u8).IsEmpty;

    private static ManifestRow FromJson(LineReader lines)
    {
        if (lines.IsTooLong)
        {
            return Broken("The line is too long.");
        }

        ReadOnlyMemory<byte> line = lines.Line;
        if (lines.Number == 1 && line.Span.StartsWith("\uFEFF"u8))
        {
            line = line[3..];
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                return Broken("It is no JSON object.");
            }

            string? path = Text(json.RootElement, "path") ?? Text(json.RootElement, "file_name");
            string? label = Text(json.RootElement, "label") ?? Text(json.RootElement, "class");
            bool hasSplit = json.RootElement.TryGetProperty("split", out JsonElement split) && split.ValueKind != JsonValueKind.Null;
            return path is null
                ? Broken("It names no path.")
                : new ManifestRow(lines.Number, path, label?.Trim() ?? "", hasSplit ? Text(json.RootElement, "split")?.Trim() ?? "" : null, null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text that is no valid UTF-16.
            return Broken("It is no JSON.");
        }

        ManifestRow Broken(string problem) => new(lines.Number, "", "", null, problem);
    }

    private static string? Text(JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
    }
}
