using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Datasets;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Evaluation;
using ClipFunctions.Probe.Reports;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip probe</c> and <c>clip zeroshot</c>: measure a model on a data set of this machine.</summary>
internal static class EvaluateCommand
{
    private const int WorstShown = 5;

    /// <summary><c>clip probe</c>: a linear probe.</summary>
    public static Command CreateProbe(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        CommonParts parts = new("report.html, report.json and classifier.npz");
        Option<double?> c = new("--C") { Description = "The inverse of the regularisation's strength. By default the best one is searched for.", HelpName = "C" };
        Option<bool> sweep = new("--sweep") { Description = "Search for the best C on a validation split (the default)." };
        Option<double> share = new("--validation-share") { Description = "The share of train that becomes validation, where the data set has none.", HelpName = "SHARE", DefaultValueFactory = _ => new SplitRule().Share };
        Option<int> seed = new("--seed") { Description = "Draws the validation split and the bootstrap's samples.", HelpName = "SEED" };
        Command command = new("probe", "Fit a logistic regression on a data set's vectors, and measure it.") { parts.Dataset, parts.Model, c, sweep, share, seed, parts.Format, parts.Output };
        examples.Add(command, ["clip probe ./pets --model ViT-B/32 --C 0.316", "clip probe cifar-100-binary.tar.gz --model ViT-B/32:int8 --sweep --output report"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(c) is not null && parsed.GetValue(sweep))
            {
                throw new UsageException("Give either --C or --sweep.");
            }

            if (parsed.GetValue(c) is { } given && !(given > 0 && double.IsFinite(given)))
            {
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--C is {given}; expected a number above 0."));
            }

            if (parsed.GetValue(share) is var validation && !(validation > 0 && validation < 1))
            {
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--validation-share is {validation}; expected a number above 0 and below 1."));
            }

            SplitRule? rule = parsed.GetValue(c) is null ? new SplitRule { Share = validation, Seed = parsed.GetValue(seed) } : null;
            return await RunAsync(globals, terminal, parts, parsed, EvaluationKind.LinearProbe, _ => null, parsed.GetValue(c), rule, parsed.GetValue(seed), cancellationToken);
        });
        return command;
    }

    /// <summary><c>clip zeroshot</c>: zero-shot classification.</summary>
    public static Command CreateZeroShot(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        CommonParts parts = new("report.html and report.json");
        Option<string?> labelSet = new("--label-set") { Description = "A JSON file {\"name\", \"labels\", \"templates\"}, or one of those that ship: cifar10, cifar100. By default the classes' own names.", HelpName = "FILE|NAME" };
        Option<string[]> templates = new("--template") { Description = "A prompt template with {} for the label; may be given several times.", HelpName = "TEMPLATE" };
        Command command = new("zeroshot", "Classify a data set's test split by words, without training, and measure it.") { parts.Dataset, parts.Model, labelSet, templates, parts.Format, parts.Output };
        examples.Add(command, ["clip zeroshot ./pets --template \"a photo of a {}, a type of pet.\"", "clip zeroshot cifar-100-binary.tar.gz --model ViT-B/32 --label-set cifar100"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            LabelSet? named = parsed.GetValue(labelSet) is { } set ? LabelSetFile.Load(set) : null;
            return await RunAsync(
                globals,
                terminal,
                parts,
                parsed,
                EvaluationKind.ZeroShot,
                plan => ClassLabelsFinder.Of(plan.Classes, null, named, parsed.GetValue(templates) is { Length: > 0 } sentences ? sentences : null),
                null,
                null,
                0,
                cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        GlobalOptions globals,
        Terminal terminal,
        CommonParts parts,
        ParseResult parsed,
        EvaluationKind kind,
        Func<DatasetPlan, ClassLabels?> labelsOf,
        double? c,
        SplitRule? validation,
        int seed,
        CancellationToken cancellationToken)
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        string path = parsed.GetRequiredValue(parts.Dataset);
        DatasetFormat? format = parsed.GetValue(parts.Format) is { } name ? Enum.Parse<DatasetFormat>(name, ignoreCase: true) : null;
        LocalDatasetFiles files = LocalDatasetFiles.Open(path);

        // Whatever can be wrong is found before a model is fetched, and before the work.
        long start = Stopwatch.GetTimestamp();
        DatasetPlan plan = await DatasetPlanner.PlanAsync(files, new DatasetOptions { Format = format }, cancellationToken: cancellationToken);
        DatasetCheck.Check(plan, kind);
        ClassLabels? labels = labelsOf(plan);
        TimeSpan planning = Stopwatch.GetElapsedTime(start);
        string? folder = parsed.GetValue(parts.Output);
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
        }

        await using CliModels models = new(globals.CacheOptions(parsed));
        using ClipModel model = await models.OpenAsync(parsed.GetRequiredValue(parts.Model), terminal, cancellationToken);
        if (labels is not null)
        {
            ClassLabelsFinder.CheckPrompts(labels, model);
        }

        start = Stopwatch.GetTimestamp();
        DatasetSplit[] splits = kind == EvaluationKind.LinearProbe ? Enum.GetValues<DatasetSplit>() : [DatasetSplit.Test];
        int total = splits.Sum(plan.Counts.Total);
        using FeatureSet features = await ProgressDisplay.RunCountAsync(terminal, "pictures", progress =>
            new FeatureExtractor().ExtractAsync(model, files, plan, splits, validation, new Counter(done => progress(done, total)), cancellationToken));
        TimeSpan extracting = Stopwatch.GetElapsedTime(start);

        EvaluationResult result = await new Evaluator(TimeProvider.System).RunAsync(
            new EvaluationInput
            {
                RunId = "local",
                Kind = kind,
                Plan = plan,
                Files = files,
                Features = features,
                Model = model,
                C = c,
                Labels = labels,
                Seed = seed,
                Command = $"clip {string.Join(' ', parsed.Tokens.Select(token => Quoted(token.Value)))}",
                Message = "",
                Started = started,
                Planning = planning,
                Extracting = extracting,
            },
            new Words(terminal),
            cancellationToken);
        if (folder is not null)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "report.json"), EvaluationReportJson.ToJson(result.Report), cancellationToken);
            await File.WriteAllBytesAsync(Path.Combine(folder, "report.html"), ReportHtml.Write(result.Report), cancellationToken);
            if (result.Classifier is { } classifier)
            {
                await File.WriteAllBytesAsync(Path.Combine(folder, "classifier.npz"), classifier, cancellationToken);
            }
        }

        if (parsed.GetValue(globals.Json))
        {
            terminal.Json(JsonNode.Parse(EvaluationReportJson.ToJson(result.Report))!);
        }
        else
        {
            Show(terminal, result.Report, folder);
        }

        return ExitCodes.Success;
    }

    private static void Show(Terminal terminal, EvaluationReport report, string? folder)
    {
        ReportResult result = report.Result;
        List<IReadOnlyList<string>> rows =
        [
            ["model", $"{report.Model.Id} ({report.Model.Precision}, {report.Model.Device})"],
            ["data set", string.Create(CultureInfo.InvariantCulture, $"{report.Dataset.Name}: {report.Dataset.Classes.Count} classes, {(report.Probe is null ? "" : $"{report.Dataset.TrainCount} train, {report.Dataset.ValidationCount} validation, ")}{report.Dataset.TestCount} test")],
            ["top-1", string.Create(CultureInfo.InvariantCulture, $"{result.Top1:P2} ({result.Top1Low:P2} to {result.Top1High:P2})")],
        ];
        if (result.Top5 is { } top5)
        {
            rows.Add(["top-5", top5.ToString("P2", CultureInfo.InvariantCulture)]);
        }

        rows.Add(["mean per class", result.MeanPerClass.ToString("P2", CultureInfo.InvariantCulture)]);
        rows.Add(["calibration error", result.CalibrationError.ToString("P2", CultureInfo.InvariantCulture)]);
        if (report.Probe is { } probe)
        {
            rows.Add(["C", probe.C.ToString("G6", CultureInfo.InvariantCulture)]);
            rows.Add(["fit", string.Create(CultureInfo.InvariantCulture, $"{probe.Iterations} iterations, at most {probe.RelativeGap:E1} above the optimum")]);
        }

        if (report.Dataset.Faults.Total > 0)
        {
            rows.Add(["bad pictures", report.Dataset.Faults.Total.ToString(CultureInfo.InvariantCulture)]);
        }

        rows.Add(["time", string.Create(CultureInfo.InvariantCulture, $"{report.Timings.TotalSeconds:F1} s, of which vectors {report.Timings.ExtractSeconds:F1} s, fit {report.Timings.FitSeconds:F1} s")]);
        terminal.Table(["", ""], rows);
        if (report.WorstConfusions.Count > 0)
        {
            terminal.Table(
                ["is", "was taken for", "pictures"],
                report.WorstConfusions.Take(WorstShown).Select(worst => (IReadOnlyList<string>)[worst.Actual, worst.Predicted, worst.Count.ToString(CultureInfo.InvariantCulture)]),
                2);
        }

        terminal.Note(folder is null ? "With --output FOLDER the report is written there." : $"Report: {Path.Combine(folder, "report.html")}");
    }

    private static string Quoted(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:@+,=".Contains(c, StringComparison.Ordinal)) ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private sealed record CommonParts(string Written)
    {
        public Argument<string> Dataset { get; } = new("dataset") { Description = "A folder {split}/{class}/{picture}, CIFAR's binary archive, a CSV or JSON Lines manifest, or webdataset's tars." };

        public Option<string> Model { get; } = CommonOptions.Model();

        public Option<string?> Format { get; } = MakeFormat();

        public Option<string?> Output { get; } = new("--output", "-o") { Description = $"Where {Written} are written.", HelpName = "FOLDER" };

        private static Option<string?> MakeFormat()
        {
            Option<string?> format = new("--format") { Description = "folder, cifar, manifest or tar; told by what is there by default.", HelpName = "FORMAT" };
            format.AcceptOnlyFromAmong([.. Enum.GetNames<DatasetFormat>().Select(name => name.ToLowerInvariant())]);
            return format;
        }
    }

    private sealed class Counter(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }

    private sealed class Words(Terminal terminal) : IProgress<string>
    {
        private readonly Lock _lock = new();
        private long _told;

        public void Report(string value)
        {
            lock (_lock)
            {
                if (_told == 0 || Stopwatch.GetElapsedTime(_told) > TimeSpan.FromSeconds(2))
                {
                    _told = Stopwatch.GetTimestamp();
                    terminal.Note(value);
                }
            }
        }
    }
}
