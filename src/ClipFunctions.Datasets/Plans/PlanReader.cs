using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Plans;

/// <summary>Reads a plan's file, or a part of it, line by line.</summary>
public sealed class PlanReader : IDisposable
{
    private const int MaxHeaderLength = 64 << 20;

    private readonly string _origin;
    private readonly LineReader _lines;

    private PlanReader(string origin, LineReader lines, PlanHeader header)
    {
        _origin = origin;
        _lines = lines;
        Header = header;
    }

    /// <summary>The first line.</summary>
    public PlanHeader Header { get; }

    /// <summary>Reads the first line.</summary>
    /// <param name="stream">The file; stays open, and is the caller's.</param>
    /// <param name="origin">What to call it in errors.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDatasetException">It is no plan.</exception>
    public static async Task<PlanReader> OpenAsync(Stream stream, string origin, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(origin);
        LineReader lines = new(stream, MaxHeaderLength);
        try
        {
            if (!await lines.ReadAsync(cancellationToken) || lines.IsTooLong)
            {
                throw new InvalidDatasetException(origin, lines.IsTooLong ? "its first line is too long for a plan's." : "the plan is empty.");
            }

            PlanHeader header = Parse(lines, origin, PlanJsonContext.Lines.PlanHeader);
            Check(header, origin);
            return new PlanReader(origin, lines, header);
        }
        catch
        {
            lines.Dispose();
            throw;
        }
    }

    /// <summary>Reads the items; once.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDatasetException">A line is broken, or there are more or fewer than the header says.</exception>
    public async IAsyncEnumerable<DatasetItem> ReadItemsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        int count = 0;
        DatasetFile? file = null;
        while (await _lines.ReadAsync(cancellationToken))
        {
            if (_lines.IsTooLong)
            {
                throw Broken("it is too long.");
            }

            DatasetItem item = Parse(_lines, _origin, PlanJsonContext.Lines.PlanItemLine).ToItem(file);
            if (!Enum.IsDefined(item.Split) || !Enum.IsDefined(item.Encoding) || item.Label < 0 || item.Label >= Header.Classes.Length)
            {
                throw Broken("its split, encoding or label is none of the plan's.");
            }

            bool isWithin = item.InGzip || (item.Offset <= item.File.Size && item.Length <= item.File.Size - item.Offset);
            if (item.Offset < 0 || item.Length < 0 || item.File.Size < 0 || item.Offset > long.MaxValue - item.Length || !isWithin)
            {
                throw Broken("its place does not lie within its file.");
            }

            if (++count > Header.Count)
            {
                throw Broken(string.Create(CultureInfo.InvariantCulture, $"the header says that there are only {Header.Count:N0} items."));
            }

            file = item.File;
            yield return item;
        }

        if (count != Header.Count)
        {
            throw new InvalidDatasetException(_origin, string.Create(CultureInfo.InvariantCulture, $"the plan ends after {count:N0} of {Header.Count:N0} items."));
        }

        InvalidDatasetException Broken(string problem) => new(_origin, string.Create(CultureInfo.InvariantCulture, $"line {_lines.Number} of the plan: {problem}"));
    }

    /// <summary>Gives buffers back.</summary>
    public void Dispose() => _lines.Dispose();

    private static T Parse<T>(LineReader lines, string origin, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(lines.Line.Span, type) ?? throw new JsonException("It is null.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDatasetException(origin, string.Create(CultureInfo.InvariantCulture, $"line {lines.Number} of the plan: {exception.Message}"), exception);
        }
    }

    private static void Check(PlanHeader header, string origin)
    {
        if (header.Schema != PlanHeader.CurrentSchema)
        {
            throw new InvalidDatasetException(origin, string.Create(CultureInfo.InvariantCulture, $"the plan has schema {header.Schema}; known is {PlanHeader.CurrentSchema}."));
        }

        int classes = header.Classes.IsDefault ? 0 : header.Classes.Length;
        bool isSound = classes > 0
            && Enum.IsDefined(header.Format)
            && header.First >= 0
            && header.Count >= 0
            && header.First <= header.Total - header.Count
            && IsOf(header.Counts.Train)
            && IsOf(header.Counts.Validation)
            && IsOf(header.Counts.Test);
        if (!isSound)
        {
            throw new InvalidDatasetException(origin, "the plan's header contradicts itself.");
        }

        bool IsOf(System.Collections.Immutable.ImmutableArray<int> counts) => !counts.IsDefault && counts.Length == classes;
    }
}
