using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip classify</c>: zero-shot classification of pictures.</summary>
internal static class ClassifyCommand
{
    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        Argument<string[]> pictures = new("pictures") { Description = "Picture files or folders.", Arity = ArgumentArity.OneOrMore };
        Option<string[]> labels = new("--labels", "-l") { Description = "Labels, separated by commas; may be given several times. By default the model's own.", HelpName = "LABELS" };
        Option<string?> labelSet = new("--label-set") { Description = "A JSON file {\"name\", \"labels\", \"templates\"}, or one of those that ship: cifar10, cifar100.", HelpName = "FILE|NAME" };
        Option<string[]> templates = new("--template") { Description = "A prompt template with {} for the label; may be given several times. Default: \"a photo of a {}.\"", HelpName = "TEMPLATE" };
        Option<int> top = new("--top", "-k") { Description = "How many labels of each picture.", HelpName = "K", DefaultValueFactory = _ => 5 };
        Option<string> model = CommonOptions.Model();
        Option<bool> fast = CommonOptions.Fast();
        Command command = new("classify", "Tell pictures apart by words.") { pictures, labels, labelSet, templates, top, model, fast };
        examples.Add(command, ["clip classify cat.jpg --labels \"cat,dog,horse\"", "clip classify ./pictures --labels \"a red car,a blue car\" --template \"{}\" --top 1 --json"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            int k = parsed.GetValue(top);
            if (k < 1)
            {
                throw new UsageException($"--top is {k}; expected 1 or more.");
            }

            IReadOnlyList<string> files = PictureInput.Expand(parsed.GetRequiredValue(pictures));
            await using CliModels models = new(globals.CacheOptions(parsed, fast: parsed.GetValue(fast)));
            using ClipModel clip = await models.OpenAsync(parsed.GetRequiredValue(model), terminal, cancellationToken);
            LabelSet set = Labels(parsed.GetValue(labels) ?? [], parsed.GetValue(labelSet), parsed.GetValue(templates) ?? [], clip);
            (IReadOnlyList<string> read, EmbeddingMatrix vectors, IReadOnlyList<(string File, string Problem)> refused) = await PictureInput.EncodeAsync(clip, files, cancellationToken);
            IReadOnlyList<IReadOnlyList<LabelScore>> scores = read.Count > 0 ? await new ZeroShotClassifier().ClassifyAsync(clip, vectors, set, k, cancellationToken) : [];
            if (parsed.GetValue(globals.Json))
            {
                terminal.Json(new JsonObject
                {
                    ["model"] = clip.Manifest.Id,
                    ["fingerprint"] = clip.Fingerprint,
                    ["preprocess"] = parsed.GetValue(fast) ? "fast" : "exact",
                    ["pictures"] = new JsonArray([.. read.Select((file, row) => new JsonObject
                    {
                        ["picture"] = file,
                        ["labels"] = new JsonArray([.. scores[row].Select(score => new JsonObject { ["label"] = score.Label, ["probability"] = score.Probability, ["logit"] = score.Logit })]),
                    })]),
                    ["refused"] = EmbedCommand.Refused(refused),
                });
            }
            else if (read.Count > 0)
            {
                terminal.Table(
                    ["picture", "label", "probability", "logit"],
                    read.SelectMany((file, row) => scores[row].Select((score, i) => (IReadOnlyList<string>)
                    [
                        i == 0 ? file : "",
                        score.Label,
                        score.Probability.ToString("P2", CultureInfo.InvariantCulture),
                        score.Logit.ToString("F3", CultureInfo.InvariantCulture),
                    ])),
                    [2, 3]);
            }

            return EmbedCommand.Report(refused, terminal);
        });
        return command;
    }

    private static LabelSet Labels(string[] labels, string? file, string[] templates, ClipModel model)
    {
        string[] words = [.. labels.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        if (words.Length > 0 && file is not null)
        {
            throw new UsageException("Give either --labels or --label-set.");
        }

        if (words.Length > 0)
        {
            return new LabelSet("command line", words, templates.Length > 0 ? templates : null);
        }

        LabelSet set = file is not null
            ? LabelSetFile.Load(file)
            : LabelSet.Load(model.Bundle.LabelsPath ?? throw new UsageException($"The model '{model.Manifest.Id}' has no labels of its own: give some with --labels."));
        return templates.Length > 0 ? new LabelSet(set.Name, set.Labels, templates) : set;
    }
}
