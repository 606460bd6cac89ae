using System.CommandLine;
using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip verify</c>: whether a model's files are the ones they should be, and whether it runs here.</summary>
internal static class VerifyCommand
{
    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        Argument<string> model = new("model") { Description = "A model's id or a bundle's folder." };
        Command command = new("verify", "Check a model's files against their hashes and run both of its towers once.") { model };
        examples.Add(command, ["clip verify demo", "clip verify ./bundle"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ModelCaching.ModelCacheOptions options = globals.CacheOptions(parsed);
            await using CliModels models = new(options);
            ModelBundle bundle = await models.FindAsync(parsed.GetRequiredValue(model), terminal, cancellationToken);
            await bundle.VerifyAsync(cancellationToken);
            using ClipModel clip = await ClipModel.LoadAsync(bundle, options.Model, cancellationToken);
            byte[] pixels = new byte[clip.Preprocessor.PixelCount];
            for (int i = 0; i < pixels.Length; i++)
            {
                pixels[i] = (byte)(i * 31);
            }

            float image = Check(clip.EncodeImage(pixels, 1, cancellationToken), "vision", bundle);
            float text = Check(clip.EncodeText(new TokenBatch(new int[clip.ContextLength], 1, clip.ContextLength), cancellationToken), "text", bundle);
            if (parsed.GetValue(globals.Json))
            {
                terminal.Json(new JsonObject
                {
                    ["id"] = bundle.Id,
                    ["fingerprint"] = bundle.Fingerprint,
                    ["files"] = bundle.Manifest.Files.Count,
                    ["bytes"] = bundle.Size,
                    ["device"] = clip.Device.ToString(),
                    ["ok"] = true,
                });
            }
            else
            {
                terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{bundle.Id}: {bundle.Manifest.Files.Count} files ({bundle.Size / 1e6:F1} MB) are right, both towers run on {clip.Device} (lengths {image:F3} and {text:F3}); fingerprint {bundle.Fingerprint}"));
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static float Check(EmbeddingMatrix vector, string tower, ModelBundle bundle)
    {
        float length = TensorPrimitives.Norm(vector[0]);
        return float.IsFinite(length) && length > 0
            ? length
            : throw new InvalidBundleException(bundle.Folder, null, $"the {tower} tower gives a vector of length {length}.");
    }
}
