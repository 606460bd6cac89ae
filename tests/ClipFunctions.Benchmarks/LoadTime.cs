using System.Diagnostics;
using System.Globalization;
using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// From a bundle on disk to the first vectors of both towers, with ONNX Runtime optimising the graphs and with its optimised graphs taken
/// from disk; each in a process of its own, in turns.
/// </summary>
internal static class LoadTime
{
    private const int Runs = 5;

    public static async Task RunAsync(string folder, IReadOnlyList<string> models)
    {
        Directory.CreateDirectory(folder);
        Console.WriteLine("| model | precision | both towers loaded and run once: optimised now | … taken from disk | first time, written | resident memory: optimised now | … taken from disk | on disk: bundle | … optimised |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (string name in models.Count > 0 ? models : ["ViT-B/32"])
        {
            string stem = TrueSizeCheckpoint.FileName(name);
            string source = Path.Combine(folder, $"{stem}.safetensors");
            if (!File.Exists(source))
            {
                TrueSizeCheckpoint.Of(name).Write(source);
            }

            foreach (ModelPrecision precision in Enum.GetValues<ModelPrecision>())
            {
                string bundle = Path.Combine(folder, $"{stem}.{precision}");
                await CheckpointConverter.ConvertAsync(source, bundle, new ConversionOptions { Precision = precision, Overwrite = true, TokenizerFiles = [] });
                string cache = Path.Combine(folder, $"{stem}.{precision}.optimized");
                if (Directory.Exists(cache))
                {
                    Directory.Delete(cache, recursive: true);
                }

                double[] first = await LoadInProcessAsync(bundle, cache);
                List<double[]> fresh = [];
                List<double[]> kept = [];
                for (int run = 0; run < Runs; run++)
                {
                    fresh.Add(await LoadInProcessAsync(bundle, "-"));
                    kept.Add(await LoadInProcessAsync(bundle, cache));
                }

                long optimised = Directory.EnumerateFiles(cache, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {precision} | {Median(fresh, 0):F2} s | {Median(kept, 0):F2} s | {first[0]:F2} s | {Median(fresh, 1):F0} MB | {Median(kept, 1):F0} MB | {ModelBundle.Open(bundle).Size / 1e6:F0} MB | {optimised / 1e6:F0} MB |"));
            }
        }
    }

    /// <summary>The child process: loads, runs and prints seconds and megabytes.</summary>
    public static async Task LoadOneAsync(string bundle, string cache)
    {
        long start = Stopwatch.GetTimestamp();
        using ClipModel model = await ClipModel.LoadAsync(ModelBundle.Open(bundle), new ClipModelOptions { Device = "cpu", OptimizedGraphDirectory = cache == "-" ? null : cache });
        model.EncodeImage(new byte[model.Preprocessor.PixelCount], 1);
        model.EncodeText(new TokenBatch([49406, 320, 1929, 49407], 1, 4));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} {ChildProcess.Status("VmRSS") / 1e3}"));
    }

    private static Task<double[]> LoadInProcessAsync(string bundle, string cache) => ChildProcess.RunAsync("load-one", bundle, cache);

    private static double Median(List<double[]> runs, int column) => runs.Select(run => run[column]).Order().ElementAt(runs.Count / 2);
}
