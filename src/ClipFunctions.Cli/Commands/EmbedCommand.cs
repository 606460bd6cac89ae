using System.CommandLine;
using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Inference;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip embed</c>: pictures and texts to vectors.</summary>
internal static class EmbedCommand
{
    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        Argument<string[]> pictures = new("pictures") { Description = "Picture files or folders.", Arity = ArgumentArity.ZeroOrMore };
        Option<string[]> texts = new("--text", "-t") { Description = "A text; may be given several times. - reads one a line from standard input.", HelpName = "TEXT" };
        Option<string> model = CommonOptions.Model();
        Option<bool> fast = CommonOptions.Fast();
        Option<bool> normalize = new("--normalize") { Description = "Divide each vector by its length." };
        Option<bool> truncate = new("--truncate") { Description = "Cut texts that are too long; otherwise they are an error." };
        Option<string?> output = new("--output", "-o") { Description = "Write the vectors as NumPy's .npy, float32 [n, dimension]: pictures first, then texts.", HelpName = "FILE" };
        Command command = new("embed", "Turn pictures and texts into vectors of one space.") { pictures, texts, model, normalize, truncate, output, fast };
        examples.Add(command, ["clip embed cat.jpg dog.jpg --output vectors.npy", "clip embed cat.jpg --text \"a cat\" --normalize --json"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string[] paths = parsed.GetValue(pictures) ?? [];
            string[] words = parsed.GetValue(texts) ?? [];
            if (paths.Length + words.Length == 0)
            {
                throw new UsageException("Name a picture, or a text with --text.");
            }

            IReadOnlyList<string> files = paths.Length > 0 ? PictureInput.Expand(paths) : [];
            IReadOnlyList<string> lines = words.Length > 0 ? await TextInput.ReadAsync(words, cancellationToken) : [];
            await using CliModels models = new(globals.CacheOptions(parsed, fast: parsed.GetValue(fast)));
            using ClipModel clip = await models.OpenAsync(parsed.GetRequiredValue(model), terminal, cancellationToken);
            (IReadOnlyList<string> read, EmbeddingMatrix images, IReadOnlyList<(string File, string Problem)> refused) = await PictureInput.EncodeAsync(clip, files, cancellationToken);
            EmbeddingMatrix encoded = lines.Count > 0 ? await clip.EncodeTextAsync(lines, parsed.GetValue(truncate), cancellationToken) : new EmbeddingMatrix([], 0, clip.EmbeddingDimension);
            EmbeddingMatrix all = new([.. images.Values.Span, .. encoded.Values.Span], images.Count + encoded.Count, clip.EmbeddingDimension);
            if (parsed.GetValue(normalize))
            {
                all = all.Normalize();
            }

            if (parsed.GetValue(output) is { } path)
            {
                await File.WriteAllBytesAsync(path, NpyFormat.Write(all), cancellationToken);
            }

            (string Kind, string Name)[] names = [.. read.Select(file => ("picture", file)), .. lines.Select(line => ("text", line))];
            if (parsed.GetValue(globals.Json))
            {
                terminal.Json(new JsonObject
                {
                    ["model"] = clip.Manifest.Id,
                    ["fingerprint"] = clip.Fingerprint,
                    ["preprocess"] = parsed.GetValue(fast) ? "fast" : "exact",
                    ["normalized"] = parsed.GetValue(normalize),
                    ["vectors"] = new JsonArray([.. names.Select((name, row) => new JsonObject
                    {
                        [name.Kind] = name.Name,
                        ["vector"] = new JsonArray([.. all[row].ToArray().Select(value => JsonValue.Create(value))]),
                    })]),
                    ["refused"] = Refused(refused),
                });
            }
            else
            {
                terminal.Table(
                    ["", "", "length", $"first of {clip.EmbeddingDimension} numbers"],
                    names.Select((name, row) => (IReadOnlyList<string>)
                    [
                        name.Kind,
                        name.Name,
                        TensorPrimitives.Norm(all[row]).ToString("F4", CultureInfo.InvariantCulture),
                        string.Join("  ", all[row][..Math.Min(6, all.Dimension)].ToArray().Select(value => value.ToString("F4", CultureInfo.InvariantCulture))),
                    ]),
                    [2]);
            }

            return Report(refused, terminal);
        });
        return command;
    }

    internal static JsonArray Refused(IReadOnlyList<(string File, string Problem)> refused)
        => new([.. refused.Select(file => new JsonObject { ["picture"] = file.File, ["problem"] = file.Problem })]);

    internal static int Report(IReadOnlyList<(string File, string Problem)> refused, Terminal terminal)
    {
        foreach ((string file, string problem) in refused)
        {
            terminal.Error($"{file}: {problem}");
        }

        return refused.Count > 0 ? ExitCodes.Failure : ExitCodes.Success;
    }
}
