using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip tokenize</c>: texts to token ids.</summary>
internal static class TokenizeCommand
{
    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        Argument<string[]> texts = new("texts") { Description = "The texts; - alone reads one a line from standard input.", Arity = ArgumentArity.OneOrMore };
        Option<string> model = CommonOptions.Model();
        Option<int?> context = new("--context") { Description = "Tokens of a row; by default the model's.", HelpName = "N" };
        Option<bool> truncate = new("--truncate") { Description = "Cut texts that are too long; otherwise they are an error." };
        Command command = new("tokenize", "Turn texts into a model's token ids.") { texts, model, context, truncate };
        examples.Add(command, ["clip tokenize \"a photo of a cat\" \"a dog\"", "clip tokenize --truncate --json - < captions.txt"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using CliModels models = new(globals.CacheOptions(parsed));
            using ClipModel clip = await models.OpenAsync(parsed.GetRequiredValue(model), terminal, cancellationToken);
            IReadOnlyList<string> lines = await TextInput.ReadAsync(parsed.GetRequiredValue(texts), cancellationToken);
            int length = parsed.GetValue(context) ?? clip.ContextLength;
            if (length < 1)
            {
                throw new UsageException($"--context is {length}; expected 1 or more.");
            }

            TokenBatch batch = clip.Tokenizer.Tokenize(lines, length, parsed.GetValue(truncate));
            if (parsed.GetValue(globals.Json))
            {
                terminal.Json(new JsonObject
                {
                    ["model"] = clip.Manifest.Id,
                    ["contextLength"] = length,
                    ["texts"] = new JsonArray([.. lines.Select((text, row) => new JsonObject
                    {
                        ["text"] = text,
                        ["ids"] = new JsonArray([.. batch[row].ToArray().Select(id => JsonValue.Create(id))]),
                        ["tokens"] = new JsonArray([.. Used(batch, row).Select(id => JsonValue.Create(clip.Tokenizer.TokenText(id)))]),
                    })]),
                });
                return ExitCodes.Success;
            }

            for (int row = 0; row < lines.Count; row++)
            {
                int[] used = Used(batch, row);
                terminal.Table(
                    ["id", "token"],
                    used.Select(id => (IReadOnlyList<string>)[id.ToString(CultureInfo.InvariantCulture), clip.Tokenizer.TokenText(id)]),
                    [0]);
                terminal.Line(string.Create(CultureInfo.InvariantCulture, $"  {used.Length} of {length} tokens"));
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static int[] Used(TokenBatch batch, int row) => batch[row][..(batch.EndPositions[row] + 1)].ToArray();
}
