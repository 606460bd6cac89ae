using System.Diagnostics;
using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks;

/// <summary>The image encoder alone, decoding included, in batches of 32: with the hosts' settings: what a host that wastes nothing would reach.</summary>
internal static class BareEncoder
{
    private const int Batch = 32;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(15);

    /// <summary>Finds a model's bundle in a folder; one with seeded random weights of the true sizes is made there if it is missing.</summary>
    public static async Task<ModelBundle> BundleAsync(string folder, string model, ModelPrecision precision)
    {
        if (model == "demo")
        {
            return ModelBundle.Open(Path.Combine(AppContext.BaseDirectory, "models", "demo"));
        }

        string bundle = Path.Combine(folder, DirectoryModelSource.FolderName(model, precision));
        if (!Directory.Exists(bundle))
        {
            Directory.CreateDirectory(folder);
            string source = Path.Combine(folder, $"{TrueSizeCheckpoint.FileName(model)}.safetensors");
            if (!File.Exists(source))
            {
                TrueSizeCheckpoint.Of(model).Write(source);
            }

            await CheckpointConverter.ConvertAsync(source, bundle, new ConversionOptions { Id = model, Precision = precision, TokenizerFiles = [.. GoldenData.Vocabulary is { } vocabulary ? (string[])[vocabulary] : []] });
        }

        return ModelBundle.Open(bundle);
    }

    /// <summary>Encodes pictures for a while, on all cores.</summary>
    /// <param name="bundle">The model.</param>
    /// <param name="pictures">At least 32, a multiple of 32.</param>
    /// <returns>Pictures per second, and the processor's seconds that each took.</returns>
    public static async Task<(double PerSecond, double CpuSeconds)> MeasureAsync(ModelBundle bundle, ReadOnlyMemory<byte>[] pictures)
    {
        using ClipModel model = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu", AllowSpinning = false });
        model.EncodeImage(pictures[..Batch]);
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        int done = 0;
        while (Stopwatch.GetElapsedTime(start) < Time)
        {
            model.EncodeImage(pictures.AsMemory(done % pictures.Length, Batch).ToArray());
            done += Batch;
        }

        return (done / Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / done);
    }
}
