using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks;

/// <summary>From the start of a process to a picture's first tags, by parts; one after the other, each run in a process of its own.</summary>
internal static class ColdStart
{
    private const int Runs = 9;

    private static readonly string[] Parts =
    [
        "runtime, until Main", "bundle's manifest and tokenizer", "first picture decoded (compiling included)", "image tower: session", "image tower: first run", "… a run when warm",
        "text tower: session", "text tower: first run, 3 prompts", "… a run when warm", "scores", "all of it, but the warm runs",
    ];

    public static async Task RunAsync(string folder, string model, IEnumerable<ModelPrecision> precisions)
    {
        List<(string Name, double[] Medians)> columns = [];
        foreach (ModelPrecision precision in precisions)
        {
            await BareEncoder.BundleAsync(folder, model, precision);
            string bundle = Path.Combine(folder, DirectoryModelSource.FolderName(model, precision));
            List<double[]> runs = [];
            for (int i = 0; i <= Runs; i++)
            {
                double[] parts = await ChildProcess.RunAsync("start-one", bundle, Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture));
                if (i > 0)
                {
                    runs.Add(parts);
                }
            }

            columns.Add((ModelRequest.NameOf(precision), [.. Parts.Select((_, part) => runs.Select(run => run[part]).Order().ElementAt(Runs / 2))]));
        }

        Console.WriteLine($"| {model} | {string.Join(" | ", columns.Select(column => column.Name))} |");
        Console.WriteLine($"|---|{string.Concat(columns.Select(_ => "---|"))}");
        for (int part = 0; part < Parts.Length; part++)
        {
            Console.WriteLine($"| {Parts[part]} | {string.Join(" | ", columns.Select(column => column.Medians[part].ToString("F0", CultureInfo.InvariantCulture) + " ms"))} |");
        }
    }

    /// <summary>The child process. The clock is the machine's, so the parent's reading tells when the process was started.</summary>
    public static async Task StartOneAsync(string bundle, string started)
    {
        long last = long.Parse(started, CultureInfo.InvariantCulture);
        long first = last;
        List<double> parts = [Lap()];
        byte[] picture = await File.ReadAllBytesAsync(Path.Combine(RepositoryPaths.Root, "samples", "bus.jpg"));
        using ClipModel model = await ClipModel.LoadAsync(ModelBundle.Open(bundle), new ClipModelOptions { Device = "cpu" });
        TimeSpan loading = default;
        model.TowerLoaded += (_, load) => loading = load.Duration;
        parts.Add(Lap());
        byte[] pixels = model.Preprocessor.Preprocess(picture);
        parts.Add(Lap());

        EmbeddingMatrix image = model.EncodeImage(pixels, 1);
        double run = Lap();
        parts.AddRange([loading.TotalMilliseconds, run - loading.TotalMilliseconds]);
        model.EncodeImage(pixels, 1);
        parts.Add(Lap());

        string[] prompts = ["a photo of a cat.", "a photo of a dog.", "a photo of a bus."];
        EmbeddingMatrix text = model.EncodeText(prompts);
        run = Lap();
        parts.AddRange([loading.TotalMilliseconds, run - loading.TotalMilliseconds]);
        model.EncodeText(prompts);
        parts.Add(Lap());
        EmbeddingMatrix one = image.Normalize(), three = text.Normalize();
        float[] probabilities = new float[three.Count];
        TensorPrimitives.SoftMax([.. Enumerable.Range(0, three.Count).Select(label => model.Manifest.Scoring.LogitScale * TensorPrimitives.Dot(one[0], three[label]))], probabilities);
        parts.Add(Lap());
        parts.Add(Stopwatch.GetElapsedTime(first, last).TotalMilliseconds - parts[5] - parts[8]);
        Console.WriteLine(string.Join(' ', parts.Select(part => part.ToString(CultureInfo.InvariantCulture))));

        double Lap()
        {
            long now = Stopwatch.GetTimestamp();
            double milliseconds = Stopwatch.GetElapsedTime(last, now).TotalMilliseconds;
            last = now;
            return milliseconds;
        }
    }
}
