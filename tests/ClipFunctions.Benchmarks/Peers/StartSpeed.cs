using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>From the start of a process to the first picture's labels, the model on disk: <c>clip classify</c> against openai/CLIP's README as a script.</summary>
internal static class StartSpeed
{
    private const double Aim = 3;
    private static readonly string[] Labels = ["diagram", "dog", "cat"];

    public static async Task RunAsync(PeerInputs inputs, PeerTable table, PeerProcess? openAi)
    {
        string picture = inputs.Photos(1)[0];
        string source = inputs.Checkpoint("ViT-B/32");

        // A checkpoint as it was released: half in 16 bits. Both sides have their weights from it.
        string checkpoint = openAi is null ? source : await inputs.OnceAsync("ViT-B-32.released.pt", path => openAi.AskAsync(new { op = "save_checkpoint", model = source, output = path }));
        string fp32 = await inputs.BundleAsync(checkpoint, ModelPrecision.Fp32);
        string int8 = await inputs.BundleAsync(checkpoint, ModelPrecision.DynamicInt8);
        double[] own = [];
        double[] ownInt8 = [];
        double[] theirs = [];
        List<Side> sides = [Process("fp32", Own(fp32), Probabilities, result => own = result), Process("int8", Own(int8), Probabilities, result => ownInt8 = result)];
        if (openAi is not null)
        {
            ProcessStartInfo script = PeerProcess.Python(Environment.GetEnvironmentVariable("PEER_PYTHON")!, "openai_first_tag.py", [checkpoint, picture, PeerProcess.Threads, .. Labels]);
            sides.Add(Process("openai/CLIP", script, output => [.. output.Trim().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))], result => theirs = result));
        }

        Times[] times = await SideBySide.MeasureAsync(sides);
        table.Add("process start → first tag, ViT-B/32 fp32 on disk", times[0], "openai/CLIP script", openAi is null ? null : times[^1], Aim, Compare(own));
        table.Add("process start → first tag, ViT-B/32 int8 on disk", times[1], "openai/CLIP script", openAi is null ? null : times[^1], null, Compare(ownInt8));

        ProcessStartInfo Own(string bundle)
        {
            string command = Path.Combine(RepositoryPaths.Root, "src", "ClipFunctions.Cli", "bin", "Release", "net10.0", "clip.dll");
            ProcessStartInfo start = new("dotnet", [command, "classify", picture, "-m", bundle, "-l", string.Join(',', Labels), "--json"]);
            start.Environment["CLIP_CACHE"] = inputs.At("cache");
            start.Environment["CLIP_DEVICE"] = "cpu";
            return start;
        }

        string Compare(double[] mine) => theirs.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"probabilities differ by ≤ {mine.Zip(theirs, (a, b) => Math.Abs(a - b)).Max():0.0E+0}");
    }

    private static double[] Probabilities(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        Dictionary<string, double> found = document.RootElement.GetProperty("pictures")[0].GetProperty("labels").EnumerateArray()
            .ToDictionary(score => score.GetProperty("label").GetString()!, score => score.GetProperty("probability").GetDouble());
        return [.. Labels.Select(label => found[label])];
    }

    private static Side Process(string name, ProcessStartInfo start, Func<string, double[]> parse, Action<double[]> keep) => new(name, () => Task.CompletedTask, async iterations =>
    {
        start.RedirectStandardOutput = true;
        double seconds = 0;
        for (int i = 0; i < iterations; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            using Process process = System.Diagnostics.Process.Start(start) ?? throw new PeerException($"{start.FileName} could not be started.");
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            seconds += Stopwatch.GetElapsedTime(begin).TotalSeconds;
            keep(process.ExitCode == 0 ? parse(output) : throw new PeerException($"'{start.FileName} {string.Join(' ', start.ArgumentList)}' ended with code {process.ExitCode}."));
        }

        return seconds / iterations;
    });
}
