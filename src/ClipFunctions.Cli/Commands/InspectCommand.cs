using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Checkpoints;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip inspect</c>: what a checkpoint or a model is made of.</summary>
internal static class InspectCommand
{
    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        Argument<string> what = new("what") { Description = "A file of weights, a folder that holds one, a bundle's folder, or a model's id." };
        Option<bool> tensors = new("--tensors") { Description = "List a checkpoint's tensors." };
        Command command = new("inspect", "Show what a checkpoint or a model is made of.") { what, tensors };
        examples.Add(command, ["clip inspect demo", "clip inspect open_clip_model.safetensors --tensors"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string name = parsed.GetRequiredValue(what);
            bool json = parsed.GetValue(globals.Json);
            bool isCheckpoint = File.Exists(name) || (Directory.Exists(name) && !File.Exists(Path.Combine(name, BundleManifest.FileName)) && CheckpointSummary.IsInside(name));
            if (isCheckpoint)
            {
                Show(CheckpointSummary.Read(name), parsed.GetValue(tensors), json, terminal);
                return ExitCodes.Success;
            }

            await using CliModels models = new(globals.CacheOptions(parsed));
            Show(await models.FindAsync(name, terminal, cancellationToken), json, terminal);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Show(CheckpointSummary summary, bool tensors, bool json, Terminal terminal)
    {
        if (json)
        {
            JsonObject node = new()
            {
                ["file"] = summary.File,
                ["tensors"] = summary.Tensors.Count,
                ["parameters"] = summary.Parameters,
                ["types"] = new JsonObject(summary.Types.Select(type => KeyValuePair.Create(type.Key.ToString(), (JsonNode?)JsonValue.Create(type.Value)))),
                ["architecture"] = summary.Architecture is { } architecture ? BundleDescription.Json(architecture) : null,
                ["problem"] = summary.Problem,
            };
            if (tensors)
            {
                node["names"] = new JsonArray([.. summary.Tensors.Select(tensor => new JsonObject
                {
                    ["name"] = tensor.Name,
                    ["type"] = tensor.Type.ToString(),
                    ["shape"] = new JsonArray([.. tensor.Shape.Select(size => JsonValue.Create(size))]),
                })]);
            }

            terminal.Json(node);
            return;
        }

        List<IReadOnlyList<string>> rows =
        [
            ["file", summary.File],
            ["tensors", string.Create(CultureInfo.InvariantCulture, $"{summary.Tensors.Count}, {summary.Parameters / 1e6:F1} M numbers ({string.Join(", ", summary.Types.Select(type => $"{type.Value} {type.Key}"))})")],
        ];
        if (summary.Architecture is { } known)
        {
            rows.AddRange(BundleDescription.Rows(known));
        }
        else
        {
            rows.Add(["no CLIP model", summary.Problem ?? ""]);
        }

        terminal.Table(["", ""], rows);
        if (tensors)
        {
            terminal.Table(["tensor", "type", "shape"], summary.Tensors.Select(tensor => (IReadOnlyList<string>)[tensor.Name, tensor.Type.ToString(), $"[{string.Join(", ", tensor.Shape)}]"]));
        }
    }

    private static void Show(ModelBundle bundle, bool json, Terminal terminal)
    {
        BundleManifest manifest = bundle.Manifest;
        if (json)
        {
            terminal.Json(new JsonObject
            {
                ["folder"] = bundle.Folder,
                ["fingerprint"] = bundle.Fingerprint,
                ["bytes"] = bundle.Size,
                ["manifest"] = JsonNode.Parse(manifest.ToJson()),
            });
            return;
        }

        terminal.Table(
            ["", ""],
            [
                ["model", manifest.Id],
                ["folder", bundle.Folder],
                ["fingerprint", bundle.Fingerprint],
                ["precision", ModelRequest.NameOf(manifest.Precision)],
                .. BundleDescription.Rows(manifest.Architecture),
                ["picture", $"{manifest.Preprocessing.ResizeMode}, {manifest.Preprocessing.Interpolation}, mean [{Numbers(manifest.Preprocessing.Mean)}], std [{Numbers(manifest.Preprocessing.Std)}]"],
                ["score", string.Create(CultureInfo.InvariantCulture, $"{manifest.Scoring.Kind}, scale {manifest.Scoring.LogitScale:G6}, bias {manifest.Scoring.LogitBias:G6}")],
                ["vocabulary", manifest.Tokenizer.Files.Count > 0 ? $"{manifest.Tokenizer.Kind}: {string.Join(", ", manifest.Tokenizer.Files)}" : "none"],
                ["from", manifest.Source is { } source ? source.Revision is { } revision ? $"{source.Url} @ {revision}" : source.Url : "unknown"],
                ["made by", manifest.Converter],
                .. manifest.Files.Select(file => (IReadOnlyList<string>)["file", string.Create(CultureInfo.InvariantCulture, $"{file.Name}, {file.Size / 1e6:F1} MB, SHA-256 {file.Sha256}")]),
            ]);
    }

    private static string Numbers(IReadOnlyList<float> values) => string.Join(", ", values.Select(value => value.ToString("G6", CultureInfo.InvariantCulture)));
}
