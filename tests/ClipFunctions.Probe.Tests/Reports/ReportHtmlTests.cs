using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using ClipFunctions.Probe.Reports;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Reports;

public sealed partial class ReportHtmlTests
{
    private static readonly string[] HostileNames =
    [
        "</title><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'><a href='https://example.org'>",
        "</text></svg><iframe/>",
        "</style><!--",
        "]]><![CDATA[",
        "&lt;script&gt;&#60;b&#62;&amp;",
        "\u202eevil\u202d\u2066",
        "\0\u0001\u001b[31m\u0085\ufffe",
        "\ud800 alone \udc00",
        "a\r\nb\tc",
        "{{7*7}}${7*7}",
        "",
        " ",
        "e" + new string('\u0301', 5_000),
        new string('W', 20_000),
    ];

    [Fact]
    public void TheFileIsWellFormed() => RandomReports.All.Sample(report => Parse(ReportHtml.Write(report)).Root!.Name.LocalName == "html", iter: 300);

    [Theory]
    [InlineData(16)]
    [InlineData(40)]
    [InlineData(120)]
    public void HostileNamesChangeNoElementAndNoAttributeName(int classes)
    {
        string[] hostile = [.. Enumerable.Range(0, classes).Select(at => HostileNames[at % HostileNames.Length])];
        string[] tame = [.. Enumerable.Range(0, classes).Select(at => $"class {at}")];
        Assert.Equal(Structure(Spoilt(SampleReports.ZeroShot(classes, tame), "tame")), Structure(Spoilt(SampleReports.ZeroShot(classes, hostile), HostileNames[0])));
        Assert.Equal(Structure(Spoilt(SampleReports.LinearProbe(classes, tame), "tame")), Structure(Spoilt(SampleReports.LinearProbe(classes, hostile), HostileNames[1])));

        static string[] Structure(EvaluationReport report) =>
            [.. Parse(ReportHtml.Write(report)).Descendants().Select(element => $"{element.Name.LocalName} {string.Join(' ', element.Attributes().Select(attribute => attribute.Name.LocalName))}")];
    }

    [Fact]
    public void HostileNamesAreShownAsTheyAre()
    {
        XDocument html = Parse(ReportHtml.Write(SampleReports.ZeroShot(HostileNames.Length, HostileNames)));
        string[] names = [.. Section(html, "classes").Descendants("th").Where(cell => (string?)cell.Attribute("scope") == "row").Select(cell => cell.Value)];
        Assert.Equal(HostileNames[..8], names[..8]);
        Assert.Equal("\ufffd\ufffd\ufffd[31m\ufffd\ufffd", names[8]);
        Assert.Equal("\ufffd alone \ufffd", names[9]);
    }

    [Fact]
    public void NothingIsFetchedAndNothingRuns()
    {
        foreach (EvaluationReport report in new[] { SampleReports.LinearProbe(10), SampleReports.ZeroShot(100), Spoilt(SampleReports.ZeroShot(16, HostileNames), HostileNames[1]) })
        {
            byte[] bytes = ReportHtml.Write(report);
            string text = Encoding.UTF8.GetString(bytes);
            Assert.DoesNotContain("<script", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("@import", text, StringComparison.OrdinalIgnoreCase);
            Assert.All(UrlFunction().Matches(text), match => Assert.Equal("url(#", match.Value));
            string[] used = [.. Parse(bytes).Descendants().Select(element => element.Name.LocalName).Distinct()];
            Assert.Empty(used.Intersect(["script", "iframe", "object", "embed", "form", "base", "a", "use", "foreignObject", "animate", "set", "video", "audio"]));
            Assert.All(Parse(bytes).Descendants().Attributes(), attribute =>
            {
                Assert.DoesNotMatch("^on", attribute.Name.LocalName);
                Assert.DoesNotContain(attribute.Name.LocalName, (string[])["srcset", "srcdoc", "action", "formaction", "ping", "http-equiv"]);
                if (attribute.Name.LocalName is "src" or "href")
                {
                    Assert.StartsWith("data:", attribute.Value, StringComparison.Ordinal);
                }

                if (attribute.Name.LocalName == "style")
                {
                    Assert.Matches("^inline-size:[0-9.]+%$", attribute.Value);
                }
            });
        }
    }

    [Fact]
    public void WhatXmlClosesByASlashHtmlClosesToo()
    {
        string text = Encoding.UTF8.GetString(ReportHtml.Write(SampleReports.LinearProbe(10)));
        Assert.StartsWith("<!DOCTYPE html>\n<html lang=\"en\">", text, StringComparison.Ordinal);
        string[] closed = [.. SelfClosed().Matches(text).Select(match => match.Groups[1].Value).Distinct()];
        Assert.Empty(closed.Except(["meta", "link", "img", "stop", "rect", "circle", "line", "path"]));
        string style = text[text.IndexOf("<style>", StringComparison.Ordinal)..text.IndexOf("</style>", StringComparison.Ordinal)];
        Assert.DoesNotContain('&', style);
        Assert.Equal(0, style.LastIndexOf('<'));
    }

    [Theory]
    [InlineData(2, 60_000)]
    [InlineData(10, 100_000)]
    [InlineData(25, 150_000)]
    [InlineData(50, 250_000)]
    [InlineData(100, 250_000)]
    [InlineData(1000, 800_000)]
    public void TheFileStaysSmall(int classes, int most)
    {
        int probe = ReportHtml.Write(SampleReports.LinearProbe(classes)).Length;
        int zeroShot = ReportHtml.Write(SampleReports.ZeroShot(classes)).Length;
        Assert.InRange(probe, 10_000, most);
        Assert.InRange(zeroShot, 10_000, most);
    }

    [Fact]
    public void TheFileStaysSmallIfEverythingIsTakenForEverything()
    {
        EvaluationReport report = SampleReports.ZeroShot(1000);
        Random random = new(5);
        int[][] confusion = [.. Enumerable.Range(0, 1000).Select(_ => Enumerable.Range(0, 1000).Select(_ => 1 << random.Next(20)).ToArray())];
        Assert.InRange(ReportHtml.Write(report with { Confusion = confusion }).Length, 10_000, 2_500_000);
    }

    [Fact]
    public void TheFileStaysSmallIfNamesAreLong()
    {
        string[] names = [.. Enumerable.Range(0, 50).Select(at => new string((char)('a' + (at % 26)), 10_000))];
        Assert.InRange(ReportHtml.Write(SampleReports.ZeroShot(50, names)).Length, 1_000_000, 5_000_000);
    }

    [Fact]
    public void TheSameReportGivesTheSameBytesInEveryCulture()
    {
        EvaluationReport report = SampleReports.LinearProbe(30);
        byte[] html = ReportHtml.Write(report);
        Assert.Equal(html, ReportHtml.Write(EvaluationReportJson.Parse(EvaluationReportJson.ToJson(report))));
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            foreach (string culture in new[] { "de-DE", "ar-SA", "sv-SE", "th-TH" })
            {
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
                Assert.Equal(html, ReportHtml.Write(report));
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void AProbeHasEveryPlotWithATextForThoseWhoDoNotSeeIt()
    {
        XDocument html = Parse(ReportHtml.Write(SampleReports.LinearProbe(10)));
        Assert.Equal(["interval", "confusion", "reliability", "sweep"], Pictures(html).Select(Id));
        Assert.Equal(["confusion", "interval", "reliability"], Pictures(Parse(ReportHtml.Write(SampleReports.ZeroShot(100)))).Select(Id).Order());
        Assert.Equal(10, Section(html, "classes").Descendants("span").Count(span => (string?)span.Attribute("class") == "bar-fill"));

        static string Id(XElement picture) => ((string)picture.Attribute("aria-labelledby")!).Split('-')[0];
    }

    [Fact]
    public void OptionalPartsMayBeMissing()
    {
        EvaluationReport report = SampleReports.LinearProbe(2);
        EvaluationReport bare = report with
        {
            Dataset = report.Dataset with { TrainCount = 0, ValidationCount = 0, Faults = ReportFaults.None },
            Calibration = new ReportCalibration { Bins = [] },
            Confusion = [[0, 0], [0, 0]],
            Classes = [.. report.Classes.Select(one => one with { Count = 0, Recall = 0 })],
            WorstConfusions = [],
            Probe = report.Probe! with { Sweep = [] },
            Examples = ReportExamples.None,
            Timings = new ReportTimings { FitSeconds = 0, TotalSeconds = 0 },
        };
        XDocument html = Parse(ReportHtml.Write(bare));
        Assert.Equal(3, Pictures(html).Count());
        Assert.DoesNotContain(html.Descendants("section"), section => (string?)section.Attribute("aria-labelledby") is "pictures" or "faults");
        Assert.DoesNotContain("NaN", html.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("∞", html.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Top-5", html.ToString(), StringComparison.Ordinal);
        Assert.Contains("the request", Section(html, "facts").Value, StringComparison.Ordinal);
    }

    [Fact]
    public void ASingleTriedCIsDrawn()
    {
        EvaluationReport report = SampleReports.LinearProbe(2);
        foreach (double c in new[] { 1e-300, 0.316, 1e300 })
        {
            ReportProbe probe = report.Probe! with { C = c, Sweep = [new ReportSweepPoint { C = c, Accuracy = 1 }] };
            XDocument html = Parse(ReportHtml.Write(report with { Probe = probe }));
            XElement sweep = Pictures(html).Last();
            Assert.Single(sweep.Descendants("circle"));
            Assert.DoesNotContain("NaN", sweep.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void NoNumberOfADrawingIsMissingWhateverTheReport() => RandomReports.All.Sample(
        report => Parse(ReportHtml.Write(report)).Descendants().Where(element => element.Name.LocalName is "rect" or "line" or "circle" or "path" or "text").Attributes()
            .All(attribute => !attribute.Value.Contains("NaN", StringComparison.Ordinal) && !attribute.Value.Contains("Infinity", StringComparison.Ordinal)), iter: 200);

    [Fact]
    public void TheNumbersAreThoseOfTheReport()
    {
        EvaluationReport report = SampleReports.LinearProbe(10);
        XDocument html = Parse(ReportHtml.Write(report));

        ReportResult result = report.Result;
        Assert.Equal([result.Top1, result.Top1Low, result.Top1High, result.Top5!.Value, result.MeanPerClass, result.CalibrationError, result.Count], Data(Section(html, "result")));
        Assert.Equal(
            report.WorstConfusions.SelectMany(pair => new[] { pair.Count, pair.Share }),
            Data(Section(html, "errors")));
        Assert.Equal(
            report.Classes.SelectMany(one => new[] { one.Count, one.Precision, one.Recall, one.F1 }),
            Data(Section(html, "classes").Descendants("table").Single()));
        Assert.Equal(
            report.Classes.Select(one => one.Recall).OrderDescending(),
            Data(Section(html, "classes").Descendants("ul").Single()));

        XElement[] tables = [.. Section(html, "trust").Descendants("table")];
        Assert.Equal(
            report.Calibration.Bins.SelectMany(bin => bin.Count > 0 ? new[] { bin.Count, bin.Confidence, bin.Accuracy } : [bin.Count]),
            Data(tables[0]));
        Assert.Equal(report.Probe!.Sweep.SelectMany(point => new[] { point.C, point.Accuracy }), Data(tables[1]));

        double[] facts = Data(Section(html, "facts"));
        ReportProbe probe = report.Probe;
        ReportTimings timings = report.Timings;
        Assert.Equal(
            [
                10, report.Dataset.TrainCount, report.Dataset.ValidationCount, report.Dataset.TestCount, 2, report.Model.Dimension,
                probe.C, probe.TrainCount, probe.Objective, probe.GradientNorm, probe.RelativeGap, probe.Iterations, probe.Evaluations,
                timings.PlanSeconds!.Value, timings.ExtractSeconds!.Value, timings.ExtractWorkSeconds!.Value, timings.PicturesPerSecond!.Value, timings.FitSeconds, timings.TotalSeconds,
            ],
            facts);
    }

    [Fact]
    public void TheHeatMapShowsEveryCount()
    {
        EvaluationReport report = SampleReports.LinearProbe(25);
        XElement map = Pictures(Parse(ReportHtml.Write(report))).ElementAt(1);
        Assert.Equal(
            report.Confusion.SelectMany(row => row).Where(count => count > 0).Select(count => count.ToString(CultureInfo.InvariantCulture)),
            map.Descendants("text").Where(text => ((string?)text.Attribute("class"))!.StartsWith("inside", StringComparison.Ordinal)).Select(text => text.Value));
        Assert.Contains(map.Descendants("title"), title => title.Value == $"cat: {report.Confusion[0][0]} right ({100.0 * report.Confusion[0][0] / 40:0.0}\u00a0%)");
    }

    [Theory]
    [InlineData(26, 1)]
    [InlineData(50, 1)]
    [InlineData(51, 1)]
    [InlineData(250, 1)]
    [InlineData(251, 2)]
    [InlineData(1000, 4)]
    public void ALargeHeatMapHasACellForEachPairThatOccurs(int classes, int together)
    {
        EvaluationReport report = SampleReports.LinearProbe(classes);
        XDocument html = Parse(ReportHtml.Write(report));
        XElement map = Pictures(html).ElementAt(1);
        (int, int)[] occur = [.. report.Confusion
            .SelectMany((row, actual) => row.Select((count, predicted) => (Row: actual / together, Column: predicted / together, Count: count)))
            .Where(cell => cell.Count > 0)
            .Select(cell => (cell.Row, cell.Column))
            .Distinct()];
        int shown = classes <= 50
            ? map.Descendants("rect").Count(rect => (string?)rect.Attribute("class") is "hit" or "miss")
            : map.Descendants("path").Sum(path => CellRun().Matches((string)path.Attribute("d")!).Sum(run => int.Parse(run.Groups[1].Value, CultureInfo.InvariantCulture)));
        Assert.Equal(occur.Length, shown);
        Assert.Equal(together > 1, Section(html, "errors").Value.Contains($"stands for {together} classes", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(50, 50)]
    [InlineData(51, 50)]
    [InlineData(1000, 50)]
    public void OfManyClassesTheBestAndTheWorstHaveBars(int classes, int bars)
    {
        EvaluationReport report = SampleReports.LinearProbe(classes);
        XElement section = Section(Parse(ReportHtml.Write(report)), "classes");
        double[] recalls = [.. section.Descendants("ul").SelectMany(Data)];
        Assert.Equal(bars, recalls.Length);
        Assert.Equal(report.Classes.Max(one => one.Recall), recalls[0]);
        if (classes > 50)
        {
            Assert.Equal(report.Classes.Min(one => one.Recall), recalls[25]);
        }

        Assert.Equal(classes, section.Descendants("tbody").Single().Elements().Count());
    }

    [Fact]
    public void ThumbnailsAndTheWaysToRepeatItAreThere()
    {
        byte[] thumbnail = [1, 2, 3, 250, 251, 252];
        EvaluationReport report = SampleReports.LinearProbe(10, thumbnail: thumbnail);
        XDocument html = Parse(ReportHtml.Write(report));
        XElement[] images = [.. html.Descendants("img")];
        Assert.Equal(11, images.Length);
        Assert.All(images, image =>
        {
            Assert.Equal("data:image/jpeg;base64," + Convert.ToBase64String(thumbnail), (string?)image.Attribute("src"));
            Assert.NotEmpty((string)image.Attribute("alt")!);
        });
        Assert.Equal([report.Command, report.Message], html.Descendants("pre").Select(code => code.Value));
        Assert.Contains("Too many pixels", Section(html, "faults").Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(100)]
    public void ItCanBeReadByEar(int classes)
    {
        foreach (EvaluationReport report in new[] { SampleReports.LinearProbe(classes), SampleReports.ZeroShot(classes) })
        {
            XDocument html = Parse(ReportHtml.Write(report));
            int[] levels = [.. html.Descendants().Where(element => Heading().IsMatch(element.Name.LocalName)).Select(element => element.Name.LocalName[1] - '0')];
            Assert.Equal(1, levels[0]);
            Assert.Single(levels, level => level == 1);
            Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1));

            string[] ids = [.. html.Descendants().Attributes("id").Select(id => id.Value)];
            Assert.Equal(ids.Length, ids.Distinct().Count());
            Assert.All(html.Descendants().Attributes("aria-labelledby"), label => Assert.All(label.Value.Split(' '), id => Assert.Contains(id, ids)));
            Assert.All(html.Descendants("svg"), svg => Assert.True((string?)svg.Attribute("aria-hidden") == "true" || (string?)svg.Attribute("role") == "img"));
            Assert.All(html.Descendants("table"), table => Assert.NotEmpty(table.Element("caption")!.Value));
            Assert.All(html.Descendants("th"), head => Assert.True((string?)head.Attribute("scope") is "row" or "col"));
            Assert.All(html.Descendants("img"), image => Assert.NotNull(image.Attribute("alt")));
        }
    }

    private static EvaluationReport Spoilt(EvaluationReport report, string name) => report with
    {
        RunId = name,
        Command = name,
        Message = name,
        Dataset = report.Dataset with { Name = name, Id = name, Format = name, Faults = new ReportFaults { Total = 3, Listed = [new ReportFault { Name = name, Reason = name, Message = name }] } },
        Model = report.Model with { Id = name, Fingerprint = name, Precision = name, Device = name },
        Labels = report.Labels is { } labels ? labels with { Name = name, Templates = [name, name, name, name, name] } : null,
        Examples = new ReportExamples { Hits = [.. report.Examples.Hits.Select(hit => hit with { Name = name })], Misses = [.. report.Examples.Misses.Select(miss => miss with { Name = name })] },
    };

    private static XDocument Parse(byte[] html)
    {
        using XmlReader reader = XmlReader.Create(new MemoryStream(html), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
    }

    private static XElement Section(XDocument html, string id) => html.Descendants("section").Single(section => (string?)section.Attribute("aria-labelledby") == id);

    private static IEnumerable<XElement> Pictures(XDocument html) => html.Descendants("svg").Where(svg => (string?)svg.Attribute("role") == "img");

    private static double[] Data(XElement element) => [.. element.Descendants("data").Select(data => double.Parse((string)data.Attribute("value")!, CultureInfo.InvariantCulture))];

    [GeneratedRegex(@"url\(.")]
    private static partial Regex UrlFunction();

    [GeneratedRegex(@"<([A-Za-z0-9]+)(?:\s[^<>]*)?/>")]
    private static partial Regex SelfClosed();

    [GeneratedRegex(@"h([0-9]+)v1")]
    private static partial Regex CellRun();

    [GeneratedRegex("^h[1-6]$")]
    private static partial Regex Heading();
}
