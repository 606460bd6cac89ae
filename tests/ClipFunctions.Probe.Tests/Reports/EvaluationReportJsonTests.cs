using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClipFunctions.Probe.Reports;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Reports;

public sealed class EvaluationReportJsonTests
{
    [Fact]
    public void AReportComesBackAsItWas() => RandomReports.All.Sample(
        report => AssertSame(report, EvaluationReportJson.Parse(EvaluationReportJson.ToJson(report)), "report"), iter: 500);

    [Fact]
    public void TheSameReportGivesTheSameBytes() => RandomReports.All.Sample(
        report => EvaluationReportJson.ToJson(report).AsSpan().SequenceEqual(EvaluationReportJson.ToJson(EvaluationReportJson.Parse(EvaluationReportJson.ToJson(report)))), iter: 200);

    [Fact]
    public void LinesEndInALineFeedAndARowOfTheConfusionIsALine()
    {
        string json = Encoding.UTF8.GetString(EvaluationReportJson.ToJson(SampleReports.LinearProbe(classes: 3)));
        Assert.DoesNotContain('\r', json);
        Assert.EndsWith("}\n", json, StringComparison.Ordinal);
        Assert.Contains("  \"confusion\": [\n    [", json, StringComparison.Ordinal);
        Assert.Equal(3, json.Split('\n').Count(line => line.StartsWith("    [", StringComparison.Ordinal)));
    }

    [Fact]
    public void TheMembersAreThoseThatOthersRead()
    {
        JsonObject probe = JsonNode.Parse(EvaluationReportJson.ToJson(SampleReports.LinearProbe(classes: 6)))!.AsObject();
        Assert.Equal(1, (int)probe["schema"]!);
        Assert.Equal("linear-probe", (string?)probe["kind"]);
        Assert.Equal(
            ["schema", "runId", "kind", "created", "command", "message", "dataset", "model", "result", "calibration", "confusion", "classes", "worstConfusions", "probe", "examples", "timings"],
            probe.Select(member => member.Key));
        Assert.Equal(["c", "sweep", "trainCount", "objective", "gradientNorm", "relativeGap", "iterations", "evaluations"], probe["probe"]!.AsObject().Select(member => member.Key));

        JsonObject zeroShot = JsonNode.Parse(EvaluationReportJson.ToJson(SampleReports.ZeroShot(classes: 2)))!.AsObject();
        Assert.Equal("zero-shot", (string?)zeroShot["kind"]);
        Assert.Equal(["name", "labels", "templates"], zeroShot["labels"]!.AsObject().Select(member => member.Key));
        Assert.False(zeroShot.ContainsKey("probe"));
        Assert.False(zeroShot["result"]!.AsObject().ContainsKey("top5"));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("null", "null")]
    [InlineData("[]", "[]")]
    [InlineData("\"schema\": 1", "\"schema\": 2")]
    [InlineData("\"linear-probe\"", "\"other\"")]
    [InlineData("\"linear-probe\"", "7")]
    [InlineData("\"runId\"", "\"noRunId\"")]
    [InlineData("\"cat\"", "null")]
    [InlineData("[38, 1, 1]", "[38, 1]")]
    [InlineData("[38, 1, 1]", "[38, 1, -1]")]
    [InlineData("[38, 1, 1]", "[38, 1, 1.5]")]
    [InlineData("[38, 1, 1]", "null")]
    [InlineData("\"top1\": 0.", "\"top1\": 3.")]
    [InlineData("\"c\": 0.316", "\"c\": 0")]
    [InlineData("\"objective\": ", "\"objective\": -")]
    [InlineData("\"total\": 2", "\"total\": 1")]
    public void WhatIsNoReportIsRefused(string piece, string instead)
    {
        string json = Encoding.UTF8.GetString(EvaluationReportJson.ToJson(SampleReports.LinearProbe(classes: 3)));
        Assert.Contains(piece, instead == piece ? piece : json, StringComparison.Ordinal);
        string wrong = instead == piece ? instead : json.Replace(piece, instead, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => EvaluationReportJson.Parse(Encoding.UTF8.GetBytes(wrong)));
    }

    [Fact]
    public void AReportWhosePartsDoNotFitIsNotWritten()
    {
        EvaluationReport report = SampleReports.LinearProbe(classes: 3);
        Assert.Throws<ArgumentException>(() => EvaluationReportJson.ToJson(report with { Confusion = [[1]] }));
        Assert.Throws<ArgumentException>(() => EvaluationReportJson.ToJson(report with { Result = report.Result with { Top1 = double.NaN } }));
        Assert.Throws<ArgumentException>(() => EvaluationReportJson.ToJson(report with { Timings = report.Timings with { FitSeconds = double.PositiveInfinity } }));
        Assert.Throws<ArgumentException>(() => ReportHtml.Write(report with { Confusion = [[1]] }));
    }

    [Fact]
    public void BytesChangedAtRandomGiveAReportOrTheErrorForIt()
    {
        byte[] json = EvaluationReportJson.ToJson(SampleReports.LinearProbe(classes: 2));
        Gen.Select(Gen.Int[0, json.Length - 1], Gen.Byte).Array[1, 4].Sample(
            changes =>
            {
                byte[] changed = [.. json];
                foreach ((int at, byte value) in changes)
                {
                    changed[at] = value;
                }

                try
                {
                    Assert.NotEmpty(ReportHtml.Write(EvaluationReportJson.Parse(changed)));
                }
                catch (InvalidDataException)
                {
                }
            },
            iter: 2_000);
    }

    [Fact]
    public void AThousandClassesStayReadableAndSmall()
    {
        byte[] json = EvaluationReportJson.ToJson(SampleReports.LinearProbe(classes: 1000));
        Assert.InRange(json.Length, 1, 5_000_000);
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(1000, document.RootElement.GetProperty("confusion").GetArrayLength());
    }

    private static void AssertSame(object? expected, object? actual, string path)
    {
        switch (expected)
        {
            case null or string or ValueType or byte[]:
                Assert.Equal(expected, actual);
                break;
            case System.Collections.IEnumerable list:
                object?[] expectedItems = [.. list.Cast<object?>()];
                object?[] actualItems = [.. Assert.IsType<System.Collections.IEnumerable>(actual, exactMatch: false).Cast<object?>()];
                Assert.True(expectedItems.Length == actualItems.Length, path);
                for (int at = 0; at < expectedItems.Length; at++)
                {
                    AssertSame(expectedItems[at], actualItems[at], $"{path}[{at}]");
                }

                break;
            default:
                foreach (PropertyInfo property in expected.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                {
                    AssertSame(property.GetValue(expected), property.GetValue(actual), $"{path}.{property.Name}");
                }

                break;
        }
    }
}
