using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip models</c>: what is on this machine, and what could be.</summary>
internal static class ModelsCommand
{
    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        Option<bool> all = new("--all", "-a") { Description = "Also the models of the catalogue that are not on this machine." };
        Command command = new("models", "List the models on this machine.") { all };
        examples.Add(command, ["clip models", "clip models --all"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ModelCacheOptions options = globals.CacheOptions(parsed);
            await using CliModels models = new(options);
            (string Source, ListedModel Model)[] local = [.. models.Directories.SelectMany(source => source.Inventory(cancellationToken).Select(model => (source.Name, model)))];
            IReadOnlyList<CatalogEntry> catalogue = parsed.GetValue(all) ? models.Catalog.Entries : [];
            if (parsed.GetValue(globals.Json))
            {
                terminal.Json(new JsonObject
                {
                    ["local"] = new JsonArray([.. local.Select(entry => Describe(entry.Source, entry.Model))]),
                    ["catalogue"] = parsed.GetValue(all) ? new JsonArray([.. catalogue.Select(Describe)]) : null,
                });
                return ExitCodes.Success;
            }

            if (local.Length > 0)
            {
                terminal.Table(["model", "precision", "picture", "vector", "size", "where"], local.Select(entry => Row(entry.Source, entry.Model)), [2, 3, 4]);
            }
            else
            {
                terminal.Line("There is no model on this machine.");
            }

            if (parsed.GetValue(all))
            {
                terminal.Table(
                    ["catalogue", "parameters", "picture", "vector", "ImageNet top-1", "licence"],
                    catalogue.Select(entry => (IReadOnlyList<string>)
                    [
                        entry.Id,
                        entry.ParametersMillions is { } parameters ? string.Create(CultureInfo.InvariantCulture, $"{parameters:F0} M") : "",
                        $"{entry.ImageSize} px",
                        Number(entry.EmbeddingDimension),
                        entry.ImageNetTop1 is { } top1 ? string.Create(CultureInfo.InvariantCulture, $"{top1:F1} %") : "",
                        entry.LicenceConsent ? $"{entry.Licence} (asked for on pull)" : entry.Licence,
                    ]),
                    [1, 2, 3, 4]);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static IReadOnlyList<string> Row(string source, ListedModel model)
    {
        string folder = Path.GetFileName(model.Folder);
        if (model.Bundle is not { } bundle)
        {
            return [folder, "", "", "", "", model.Problem is { } problem ? $"{source}, broken: {problem}" : $"{source}, another tool's ONNX files"];
        }

        BundleManifest manifest = bundle.Manifest;
        return [manifest.Id, ModelRequest.NameOf(manifest.Precision), $"{manifest.Preprocessing.Size} px", Number(manifest.Architecture.EmbeddingDimension), Megabytes(bundle.Size), source];
    }

    private static JsonObject Describe(string source, ListedModel model) => model.Bundle is not { } bundle
        ? new JsonObject { ["folder"] = model.Folder, ["source"] = source, ["problem"] = model.Problem }
        : new JsonObject
        {
            ["id"] = bundle.Id,
            ["precision"] = ModelRequest.NameOf(bundle.Manifest.Precision),
            ["fingerprint"] = bundle.Fingerprint,
            ["imageSize"] = bundle.Manifest.Preprocessing.Size,
            ["embeddingDimension"] = bundle.Manifest.Architecture.EmbeddingDimension,
            ["contextLength"] = bundle.Manifest.Tokenizer.ContextLength,
            ["bytes"] = bundle.Size,
            ["folder"] = bundle.Folder,
            ["source"] = source,
        };

    private static JsonObject Describe(CatalogEntry entry) => new()
    {
        ["id"] = entry.Id,
        ["aliases"] = new JsonArray([.. entry.Aliases.Select(alias => JsonValue.Create(alias))]),
        ["description"] = entry.Description,
        ["licence"] = entry.Licence,
        ["licenceUrl"] = entry.LicenceUrl,
        ["licenceConsent"] = entry.LicenceConsent,
        ["imageSize"] = entry.ImageSize,
        ["embeddingDimension"] = entry.EmbeddingDimension,
        ["contextLength"] = entry.ContextLength,
        ["parametersMillions"] = entry.ParametersMillions,
        ["imageNetTop1"] = entry.ImageNetTop1,
        ["gflops"] = entry.Gflops,
    };

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB");
}
