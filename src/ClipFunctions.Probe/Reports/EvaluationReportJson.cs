using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace ClipFunctions.Probe.Reports;

/// <summary>A report as <c>report.json</c>: UTF-8, indented, lines end in a line feed; the same report gives the same bytes.</summary>
public static class EvaluationReportJson
{
    private static readonly EvaluationReportContext Context = new(new JsonSerializerOptions(EvaluationReportContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    });

    /// <summary>Writes a report.</summary>
    /// <param name="report">The report.</param>
    /// <exception cref="ArgumentException">The report's parts do not fit together, or a number is outside its range.</exception>
    public static byte[] ToJson(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        ReportChecks.ThrowIfWrong(report);
        using MemoryStream stream = new();
        JsonSerializer.Serialize(stream, report, Context.EvaluationReport);
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>Reads a report. Members that this version does not know are passed over.</summary>
    /// <param name="json">What <see cref="ToJson"/> wrote.</param>
    /// <exception cref="InvalidDataException">The bytes are no report, or one whose parts do not fit together.</exception>
    public static EvaluationReport Parse(ReadOnlySpan<byte> json)
    {
        EvaluationReport? report;
        try
        {
            report = JsonSerializer.Deserialize(json, Context.EvaluationReport);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"This is no evaluation report: {exception.Message}", exception);
        }

        string? problem = report is null ? "it is null" : ReportChecks.Problem(report);
        return problem is null ? report! : throw new InvalidDataException($"This is no evaluation report: {problem}.");
    }
}
