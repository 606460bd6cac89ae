using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip pull</c>: fetches, verifies and converts a model of the catalogue.</summary>
internal static class PullCommand
{
    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        Argument<string> model = new("model") { Description = "A model's id or alias (clip models --all lists them)." };
        Option<string?> precision = CommonOptions.Precision();
        Option<string[]> accept = new("--accept-licence") { Description = "A licence that you agree to, by the catalogue's name of it.", HelpName = "LICENCE" };
        Option<bool> keep = new("--keep-checkpoint") { Description = "Keep the downloaded files beside the converted model." };
        Command command = new("pull", "Fetch a published model, verify it and convert it.") { model, precision, accept, keep };
        examples.Add(command, ["clip pull ViT-B/32", "clip pull ViT-L/14 --precision fp16"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ModelRequest request = ModelRequest.Parse(parsed.GetRequiredValue(model));
            request = request with { Precision = CommonOptions.PrecisionOf(parsed, precision) ?? request.Precision };
            ModelCacheOptions options = globals.CacheOptions(parsed, request.Precision, parsed.GetValue(accept), parsed.GetValue(keep));
            await using CliModels models = new(options);
            ModelBundle bundle = await models.FindAsync(request.ToString(), terminal, cancellationToken);
            if (parsed.GetValue(globals.Json))
            {
                terminal.Json(new JsonObject
                {
                    ["id"] = bundle.Id,
                    ["precision"] = ModelRequest.NameOf(bundle.Manifest.Precision),
                    ["fingerprint"] = bundle.Fingerprint,
                    ["folder"] = bundle.Folder,
                    ["bytes"] = bundle.Size,
                });
            }
            else
            {
                terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{bundle.Id} ({ModelRequest.NameOf(bundle.Manifest.Precision)}, {bundle.Size / 1e6:F1} MB) is in {bundle.Folder}"));
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
