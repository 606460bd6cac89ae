using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using ClipFunctions.Checkpoints.ReadyMade;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;

namespace ClipFunctions.Checkpoints.Tests.ReadyMade;

/// <summary>Damaged bundles end in the error that says so, or are still right: never in another exception, and never in a wait.</summary>
public sealed partial class ReadyMadeFuzzTests : IDisposable
{
    private static readonly string[] Oddities = ["-1", "0", "1", "2147483648", "1e999", "null", "true", "\"\"", "{}", "[]", "[[[[]]]]", "\"\\ud800\"", "\"../../x\"", "99999999999999999999", "0.5"];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task MutatedFilesAreRefusedByNameOrOpenRight()
    {
        (string Folder, string[] Files)[] originals =
        [
            (TinyTowers.WriteImmich(_folder["immich"]), ["visual/model.onnx", "textual/model.onnx", "config.json", "visual/preprocess_cfg.json"]),
            (TinyTowers.WriteImmich(_folder["siglip"], sigmoid: true), ["config.json", "textual/tokenizer_config.json"]),
            (TinyTowers.WriteHuggingFaceSiglip(_folder["hf"], gemma: true), ["onnx/vision_model.onnx", "onnx/text_model.onnx", "config.json", "preprocessor_config.json", "tokenizer_config.json"]),
        ];
        Random random = new(11);
        int opened = 0;
        int refused = 0;
        Stopwatch longest = new();
        TimeSpan worst = TimeSpan.Zero;
        for (int round = 0; round < 12_000; round++)
        {
            (string folder, string[] files) = originals[round % originals.Length];
            string path = Path.Combine(folder, files[random.Next(files.Length)]);
            byte[] original = await File.ReadAllBytesAsync(path, Token);
            await File.WriteAllBytesAsync(path, Mutate(original, random, path.EndsWith(".json", StringComparison.Ordinal)), Token);
            longest.Restart();
            try
            {
                ModelBundle bundle = await ReadyMadeOnnx.OpenAsync(folder, cancellationToken: Token);
                bundle.Manifest.Validate();
                Assert.Equal(64, bundle.Fingerprint.Length);
                opened++;
            }
            catch (Exception exception) when (exception is InvalidCheckpointException or InvalidBundleException)
            {
                Assert.InRange(exception.Message.Length, 1, 2000);
                refused++;
            }

            worst = longest.Elapsed > worst ? longest.Elapsed : worst;
            await File.WriteAllBytesAsync(path, original, Token);
        }

        Assert.InRange(worst.TotalSeconds, 0, 20);
        Assert.True(opened > 500 && refused > 3000, $"{opened} opened, {refused} refused");
    }

    [Fact]
    public async Task MutatedManifestsAreRefusedOrOpenRight()
    {
        ModelBundle own = await ReadyMadeFolder.ConvertAsync(_folder, false, Token);
        string path = Path.Combine(own.Folder, BundleManifest.FileName);
        byte[] original = await File.ReadAllBytesAsync(path, Token);
        Random random = new(12);
        int opened = 0;
        for (int round = 0; round < 3000; round++)
        {
            await File.WriteAllBytesAsync(path, Mutate(original, random, json: true), Token);
            try
            {
                Assert.Equal(64, ModelBundle.Open(own.Folder).Fingerprint.Length);
                opened++;
            }
            catch (InvalidBundleException)
            {
            }
        }

        Assert.InRange(opened, 30, 2970);
    }

    [Fact]
    public async Task MutatedGraphsAreRefusedByTheRuntimeOrLoad()
    {
        string folder = TinyTowers.WriteImmich(_folder["immich"]);
        Random random = new(13);
        int loaded = 0;
        int refused = 0;
        for (int round = 0; round < 600; round++)
        {
            string path = Path.Combine(folder, round % 2 == 0 ? "visual/model.onnx" : "textual/model.onnx");
            byte[] original = await File.ReadAllBytesAsync(path, Token);
            await File.WriteAllBytesAsync(path, Mutate(original, random, json: false), Token);
            try
            {
                ModelBundle bundle = await ReadyMadeOnnx.OpenAsync(folder, cancellationToken: Token);
                using ClipModel model = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu", Threads = 1, Preload = ModelTowers.Both }, Token);
                loaded++;
            }
            catch (Exception exception) when (exception is InvalidCheckpointException or InvalidBundleException)
            {
                refused++;
            }

            await File.WriteAllBytesAsync(path, original, Token);
        }

        Assert.True(loaded > 20 && refused > 100, $"{loaded} loaded, {refused} refused");
    }

    private static byte[] Mutate(byte[] original, Random random, bool json)
    {
        byte[] bytes = [.. original];
        if (json && random.Next(2) == 0)
        {
            // A value takes another's place, so that the text stays JSON.
            string text = Encoding.UTF8.GetString(bytes);
            MatchCollection values = JsonValue().Matches(text);
            Match value = values[random.Next(values.Count)];
            return Encoding.UTF8.GetBytes(string.Concat(text.AsSpan(0, value.Index), Oddities[random.Next(Oddities.Length)], text.AsSpan(value.Index + value.Length)));
        }

        for (int i = random.Next(4); i >= 0; i--)
        {
            int at = random.Next(bytes.Length);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes = bytes[..Math.Max(1, at)];
                    break;
                case 3:
                    bytes = [.. bytes[..at], .. RandomBytes(random, random.Next(1, 9)), .. bytes[at..]];
                    break;
                default:
                    bytes[at] = 0xFF;
                    break;
            }
        }

        return bytes;
    }

    private static byte[] RandomBytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    [GeneratedRegex("(?<=[:\\[,]\\s*)(-?[0-9.eE+]+|\"[^\"]*\"(?!\\s*:)|true|false|null)")]
    private static partial Regex JsonValue();
}
