using System.Globalization;
using System.Text;
using ClipFunctions.Checkpoints.Configuration;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Layouts;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>
/// Mutated configurations beside a sound checkpoint: an error that says so, or an architecture that the tensors bear out. The number of
/// cases is 3,000 for each kind, or what <c>CLIP_FUZZ</c> says.
/// </summary>
public sealed class ConfigurationFuzzTests : IDisposable
{
    private const int DefaultCases = 3_000;

    private const string HuggingFace = """{"model_type": "clip", "projection_dim": 24, "logit_scale_init_value": 2.6592, "text_config": {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 12, "vocab_size": 520, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-05, "eos_token_id": 519}, "vision_config": {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 12, "patch_size": 4, "hidden_act": "gelu", "layer_norm_eps": 1e-05}}""";
    private const string Preprocessor = """{"crop_size": {"height": 12, "width": 12}, "do_center_crop": true, "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": {"shortest_edge": 12}}""";
    private const string OpenClip = """{"model_cfg": {"embed_dim": 24, "quick_gelu": true, "vision_cfg": {"image_size": 12, "layers": 2, "width": 128, "head_width": 64, "patch_size": 4, "mlp_ratio": 4.0, "norm_kwargs": {"eps": 1e-5}}, "text_cfg": {"context_length": 12, "vocab_size": 520, "width": 128, "heads": 2, "layers": 2, "pool_type": "argmax", "act_kwargs": {"approximate": "tanh"}, "tokenizer_kwargs": {"clean": "lower"}}}, "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic", "resize_mode": "shortest"}}""";

    private readonly TemporaryFolder _folder = new();

    private static int Cases => int.TryParse(Environment.GetEnvironmentVariable("CLIP_FUZZ"), CultureInfo.InvariantCulture, out int count) ? count : DefaultCases;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void HuggingFacesConfigurations() => Fuzz(SyntheticModel.Transformer().InHuggingFaceNaming(), "config.json", HuggingFace, 1, ("preprocessor_config.json", Preprocessor));

    [Fact]
    public void HuggingFacesPreprocessorConfigurations() => Fuzz(SyntheticModel.Transformer().InHuggingFaceNaming(), "preprocessor_config.json", Preprocessor, 2, ("config.json", HuggingFace));

    [Fact]
    public void OpenClipsConfigurations() => Fuzz(SyntheticModel.Transformer(), "open_clip_config.json", OpenClip, 3);

    private void Fuzz(SyntheticModel model, string file, string text, int seed, params (string File, string Text)[] others)
    {
        string checkpointPath = model.Save(_folder.Path);
        foreach ((string other, string content) in others)
        {
            File.WriteAllText(_folder[other], content);
        }

        using ICheckpoint checkpoint = CheckpointFile.Open(checkpointPath);
        Random random = new(seed);
        byte[] sound = Encoding.UTF8.GetBytes(text);
        int accepted = 0;
        for (int i = 0; i < Cases; i++)
        {
            byte[] mutated = i == 0 ? sound : Mutate(sound, random);
            File.WriteAllBytes(_folder[file], mutated);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ModelConfiguration configuration = ConfigurationFinder.Find(checkpoint, _folder.Path, null);
                ClipArchitecture architecture = ModelLayout.Read(checkpoint, configuration).Architecture;
                Assert.Equal((24, 12, 128, 12, 520, 128), (architecture.EmbeddingDimension, architecture.Vision.ImageSize, architecture.Vision.Width, architecture.Text.ContextLength, architecture.Text.VocabularySize, architecture.Text.Width));
                Assert.Equal(0, 128 % architecture.Vision.Heads);
                accepted++;
            }
            catch (InvalidCheckpointException exception)
            {
                Assert.True(exception.Message.Length < 2000, exception.Message);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 2_000_000, $"Case {i} allocated {allocated} bytes.");
        }

        Assert.InRange(accepted, 1, Cases);
    }

    private static byte[] Mutate(byte[] sound, Random random)
    {
        string[] values = ["null", "true", "-1", "0", "1e400", "99999999999999999999", "\"\"", "[]", "{}", "[[[[[[[[", "\"\\ud800\"", "12", "2", "\"gelu\"", "1e-3"];
        List<byte> bytes = [.. sound];
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 12), bytes.Count - at));
                    bytes.Add((byte)'}');
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(random.Next((bytes.Count / 2) + 1), random.Next(bytes.Count / 2)));
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.Add((byte)' ');
                    break;
                default:
                    // A value in the place of another: most such texts are still JSON.
                    int colon = bytes.IndexOf((byte)':', at);
                    if (colon > 0)
                    {
                        int end = colon + 1;
                        while (end < bytes.Count && bytes[end] is not ((byte)',' or (byte)'}' or (byte)'{' or (byte)'['))
                        {
                            end++;
                        }

                        bytes.RemoveRange(colon + 1, end - colon - 1);
                        bytes.InsertRange(colon + 1, Encoding.UTF8.GetBytes(values[random.Next(values.Length)]));
                    }

                    break;
            }
        }

        return [.. bytes];
    }
}
