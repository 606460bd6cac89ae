using System.Diagnostics;
using System.Globalization;
using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// Converts checkpoints of true sizes and runs what comes out. Each conversion runs in a process of its own, so that its peak of memory is
/// its own: <c>VmHWM</c> (all resident pages, the mapped file's included) and the managed and native part of it.
/// </summary>
internal static class ConversionLoad
{
    private const int Runs = 3;

    public static async Task RunAsync(string folder, IReadOnlyList<string> models)
    {
        Directory.CreateDirectory(folder);
        Console.WriteLine("| model | precision | checkpoint | conversion, median | MB/s | peak above the start, anonymous | … with mapped files | bundle |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (string name in models.Count > 0 ? models : TrueSizeCheckpoint.Names)
        {
            string stem = TrueSizeCheckpoint.FileName(name);
            string source = Path.Combine(folder, $"{stem}.safetensors");
            if (!File.Exists(source))
            {
                TrueSizeCheckpoint.Of(name).Write(source);
            }

            double megabytes = new FileInfo(source).Length / 1e6;
            foreach (ModelPrecision precision in Enum.GetValues<ModelPrecision>())
            {
                string destination = Path.Combine(folder, $"{stem}.{precision}");
                List<double[]> runs = [];
                for (int run = 0; run < Runs; run++)
                {
                    runs.Add(await ConvertInProcessAsync(source, destination, precision));
                }

                double seconds = Median(runs, 0);
                ModelBundle bundle = ModelBundle.Open(destination);
                await RunOnceAsync(bundle);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {precision} | {megabytes:F0} MB | {seconds:F2} s | {megabytes / seconds:F0} | {Median(runs, 1):F0} MB | {Median(runs, 2):F0} MB | {bundle.Size / 1e6:F0} MB |"));
            }
        }
    }

    /// <summary>The child process: converts and prints seconds and peaks.</summary>
    public static async Task ConvertOneAsync(string source, string destination, ModelPrecision precision)
    {
        using CancellationTokenSource stop = new();
        (long startAnonymous, long startAll) = (ChildProcess.Status("RssAnon"), ChildProcess.Status("VmRSS"));
        long peakAnonymous = startAnonymous;
        Task watch = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                peakAnonymous = Math.Max(peakAnonymous, ChildProcess.Status("RssAnon"));
                await Task.Delay(5);
            }
        });
        long start = Stopwatch.GetTimestamp();
        await CheckpointConverter.ConvertAsync(source, destination, new ConversionOptions { Precision = precision, Overwrite = true, TokenizerFiles = [] });
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await stop.CancelAsync();
        await watch;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} {(peakAnonymous - startAnonymous) / 1e3} {(ChildProcess.Status("VmHWM") - startAll) / 1e3}"));
    }

    private static Task<double[]> ConvertInProcessAsync(string source, string destination, ModelPrecision precision)
        => ChildProcess.RunAsync("convert-one", source, destination, precision.ToString());

    private static async Task RunOnceAsync(ModelBundle bundle)
    {
        using ClipModel model = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" });
        byte[] pixels = new byte[model.Preprocessor.PixelCount];
        new Random(1).NextBytes(pixels);
        float[] vector = model.EncodeImage(pixels, 1).Values.ToArray();
        float[] text = model.EncodeText(new Clip.Tokenization.TokenBatch([49406, 320, 1929, 49407], 1, 4)).Values.ToArray();
        if (vector.Concat(text).Any(value => !float.IsFinite(value)) || vector.All(value => value == 0))
        {
            throw new InvalidOperationException($"{bundle.Id} in {bundle.Manifest.Precision} gives no vectors.");
        }
    }

    private static double Median(List<double[]> runs, int column) => runs.Select(run => run[column]).Order().ElementAt(runs.Count / 2);
}
