using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Cli.Console;
using ClipFunctions.Cli.Hosting;
using ClipFunctions.Pipeline.Uploads;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip retag</c>: goes over the uploads of a container after the model or the labels have changed.</summary>
internal static class RetagCommand
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        StorageOptions storage = new();
        Option<string?> model = new("--model", "-m") { Description = "The model, perhaps with a precision (CLIP_MODEL, Clip__Model; default: demo).", HelpName = "MODEL" };
        Option<string[]> labels = new("--labels", "-l") { Description = "Labels, separated by commas; may be given several times (Clip__Labels__0 …). By default the model's own.", HelpName = "LABELS" };
        Option<string[]> templates = new("--template") { Description = "A prompt template with {} for the label; may be given several times (Clip__Templates__0 …).", HelpName = "TEMPLATE" };
        Option<string?> labelSet = new("--label-set") { Description = "A JSON file {\"name\", \"labels\", \"templates\"} (Clip__LabelSetFile).", HelpName = "FILE" };
        Option<string?> head = new("--head") { Description = "A linear probe's classifier instead of labels: a run's id, or a path that ends with .npz (Clip__Head).", HelpName = "RUN" };
        Option<string?> container = new("--container") { Description = "The container of uploads (Storage__Uploads; default: uploads).", HelpName = "NAME" };
        Option<string> prefix = new("--prefix") { Description = "Only uploads whose paths begin so.", HelpName = "PATH", DefaultValueFactory = _ => "" };
        Option<bool> force = new("--force") { Description = "Compute those anew too that are up to date." };
        Option<bool> dryRun = new("--dry-run") { Description = "Only tell what there would be to do." };
        Option<int> parallelism = new("--parallelism") { Description = "Uploads at a time.", HelpName = "N", DefaultValueFactory = _ => new RetagOptions().Parallelism };
        Command command = new("retag", "Tag uploads anew after a change of the model or the labels. What is up to date is left alone, so that a stopped run goes on where it was.")
        {
            model, labels, templates, labelSet, head, container, prefix, force, dryRun, parallelism, storage.Storage,
        };
        examples.Add(command, ["clip retag --storage myaccount --model ViT-B/32 --labels \"a cat,a dog\" --dry-run", "clip retag --storage myaccount --model ViT-L/14:fp16 --prefix 2026/ --device cuda"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            RetagOptions options = new()
            {
                Prefix = parsed.GetRequiredValue(prefix),
                Force = parsed.GetValue(force),
                DryRun = parsed.GetValue(dryRun),
                Parallelism = parsed.GetValue(parallelism) is >= 1 and <= 1024 and int number ? number : throw new UsageException($"--parallelism is {parsed.GetValue(parallelism)}; expected 1 to 1024."),
            };
            IConfiguration configuration = storage.Configuration(parsed, withHost: false,
            [
                .. globals.PipelineSettings(parsed),
                ("Clip:Model", parsed.GetValue(model) ?? (Environment.GetEnvironmentVariable("CLIP_MODEL") is { Length: > 0 } named ? named : null)),
                ("Clip:LabelSetFile", parsed.GetValue(labelSet)),
                ("Clip:Head", parsed.GetValue(head)),
                ("Storage:Uploads", parsed.GetValue(container)),
                .. (parsed.GetValue(labels) ?? []).SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Select((label, i) => ($"Clip:Labels:{i}", (string?)label)),
                .. (parsed.GetValue(templates) ?? []).Select((template, i) => ($"Clip:Templates:{i}", (string?)template)),
            ]);
            await using ServiceProvider services = CliPipeline.Build(configuration);
            RetagReport report = await services.GetRequiredService<UploadRetagger>().RunAsync(options, new Told(terminal), cancellationToken);
            Show(terminal, report, options, parsed.GetValue(globals.Json));
            return report.Faults > 0 ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }

    private static void Show(Terminal terminal, RetagReport report, RetagOptions options, bool json)
    {
        if (json)
        {
            terminal.Json(new JsonObject
            {
                ["model"] = report.Model,
                ["fingerprint"] = report.Fingerprint,
                ["labelSet"] = report.LabelSet,
                ["dryRun"] = options.DryRun,
                ["seen"] = report.Seen,
                ["upToDate"] = report.UpToDate,
                ["reasons"] = Counts(report.Reasons.Select(reason => (reason.Key, reason.Value))),
                ["outcomes"] = Counts(report.Outcomes.Select(outcome => (outcome.Key.ToString(), outcome.Value))),
                ["faults"] = report.Faults,
                ["firstFaults"] = new JsonArray([.. report.FirstFaults.Select(fault => new JsonObject { ["upload"] = fault.Name, ["problem"] = fault.Message })]),
            });
        }
        else
        {
            List<IReadOnlyList<string>> rows = [["seen", Number(report.Seen)], ["up to date", Number(report.UpToDate)]];
            rows.AddRange(report.Reasons.OrderBy(reason => reason.Key, StringComparer.Ordinal).Select(reason => (IReadOnlyList<string>)[(options.DryRun ? "to do: " : "done: ") + reason.Key, Number(reason.Value)]));
            rows.AddRange(report.Outcomes.OrderBy(outcome => outcome.Key).Select(outcome => (IReadOnlyList<string>)["became: " + outcome.Key, Number(outcome.Value)]));
            rows.Add(["faults", Number(report.Faults)]);
            terminal.Table(["", ""], rows, 1);
        }

        foreach (RetagFault fault in report.FirstFaults)
        {
            terminal.Error($"{fault.Name}: {fault.Message}");
        }

        if (report.Faults > 0)
        {
            terminal.Note("Run it again for those that could not be done: the others are left alone then.");
        }
    }

    private static string Number(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static JsonObject Counts(IEnumerable<(string Key, long Value)> counts) =>
        new(counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => KeyValuePair.Create(count.Key, (JsonNode?)JsonValue.Create(count.Value))));

    private sealed class Told(Terminal terminal) : IProgress<RetagProgress>
    {
        private readonly Lock _lock = new();
        private long _last = System.Diagnostics.Stopwatch.GetTimestamp();

        public void Report(RetagProgress value)
        {
            lock (_lock)
            {
                if (System.Diagnostics.Stopwatch.GetElapsedTime(_last) >= Between)
                {
                    _last = System.Diagnostics.Stopwatch.GetTimestamp();
                    terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{value.Seen} looked at, {value.UpToDate} up to date, {value.Done} done"));
                }
            }
        }
    }
}
