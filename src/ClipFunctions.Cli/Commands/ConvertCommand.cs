using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Checkpoints;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip convert</c>: a checkpoint of one's own to a bundle.</summary>
internal static class ConvertCommand
{
    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        Argument<string> source = new("checkpoint") { Description = "A file of weights (.safetensors, .pt, .bin, or the index of sharded ones), or the folder that holds it." };
        Option<string?> id = new("--id") { Description = "The model's id; by default the file's name.", HelpName = "ID" };
        Option<string?> output = new("--output", "-o") { Description = "The bundle's folder; by default one in the cache, where --model ID finds it.", HelpName = "DIR" };
        Option<string?> precision = CommonOptions.Precision();
        Option<string?> configuration = new("--config") { Description = "open_clip_config.json or Hugging Face's config.json; by default the one beside the checkpoint.", HelpName = "FILE" };
        Option<string?> activation = new("--activation") { Description = "quick_gelu, gelu or gelu_tanh, where no configuration tells it.", HelpName = "NAME" };
        activation.AcceptOnlyFromAmong("quick_gelu", "gelu", "gelu_tanh");
        Option<string[]> vocabulary = new("--vocabulary") { Description = "The vocabulary's file or files; by default those beside the checkpoint.", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
        Option<bool> overwrite = new("--overwrite") { Description = "Replace a bundle that is already there." };
        Command command = new("convert", "Convert a checkpoint to a bundle that runs.") { source, id, output, precision, configuration, activation, vocabulary, overwrite };
        examples.Add(command, ["clip convert ViT-B-32.pt --vocabulary bpe_simple_vocab_16e6.txt.gz --id my-clip", "clip convert ./laion-repository --precision int8 --output ./bundle"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ModelCacheOptions options = globals.CacheOptions(parsed);
            string checkpoint = parsed.GetRequiredValue(source);
            ModelPrecision wanted = CommonOptions.PrecisionOf(parsed, precision) ?? ModelPrecision.Fp32;
            string name = parsed.GetValue(id) ?? Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(checkpoint)));
            string folder = parsed.GetValue(output) ?? Path.Combine(options.CacheDirectory, DirectoryModelSource.FolderName(name, wanted));
            string[] vocabularyFiles = parsed.GetValue(vocabulary) ?? [];
            ConversionOptions conversion = new()
            {
                Id = name,
                Precision = wanted,
                ConfigurationFile = parsed.GetValue(configuration),
                Activation = parsed.GetValue(activation) switch
                {
                    null => null,
                    "quick_gelu" => ActivationKind.QuickGelu,
                    "gelu" => ActivationKind.Gelu,
                    _ => ActivationKind.GeluTanh,
                },
                TokenizerFiles = vocabularyFiles.Length > 0 ? vocabularyFiles : null,
                Overwrite = parsed.GetValue(overwrite),
            };
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(folder))!);
            long start = Stopwatch.GetTimestamp();
            ModelBundle bundle = await ProgressDisplay.RunAsync(terminal, progress => CheckpointConverter.ConvertAsync(checkpoint, folder, conversion, new Relay(progress), cancellationToken));
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (parsed.GetValue(globals.Json))
            {
                terminal.Json(new JsonObject
                {
                    ["id"] = bundle.Id,
                    ["precision"] = ModelRequest.NameOf(wanted),
                    ["fingerprint"] = bundle.Fingerprint,
                    ["folder"] = bundle.Folder,
                    ["bytes"] = bundle.Size,
                    ["seconds"] = Math.Round(seconds, 3),
                });
            }
            else
            {
                terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{bundle.Id} ({ModelRequest.NameOf(wanted)}, {bundle.Size / 1e6:F1} MB) is in {bundle.Folder}, after {seconds:F1} s"));
            }

            if (bundle.Manifest.Tokenizer.Files.Count == 0)
            {
                terminal.Note("No vocabulary lies beside the checkpoint: the bundle takes tokens, but no texts. Name one with --vocabulary.");
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private sealed class Relay(IProgress<(string Stage, string? Item, long Done, long Total)> display) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => display.Report((value.Stage, null, value.BytesDone, value.BytesTotal));
    }
}
