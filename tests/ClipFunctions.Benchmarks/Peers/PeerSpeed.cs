using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>
/// This code and its peers on the same inputs with as many threads, in turns: <c>./bench.sh</c> installs the peers and starts this. A peer that is not
/// there, or that fails, is named and left out.
/// </summary>
internal static class PeerSpeed
{
    private const string WriteOption = "--write";

    // PyTorch's threads wait for each other in vain when other work takes a core away, and are slower by a multiple; starting all this is some load itself.
    private const double Busy = 1.5;

    private static readonly string[] Groups = ["images", "texts", "javascript", "pixels", "tokens", "labels", "start"];

    public static async Task RunAsync(string folder, IReadOnlyList<string> arguments)
    {
        string[] chosen = [.. Groups.Where(arguments.Contains)];
        if (arguments.Except(Groups).Any(argument => argument != WriteOption))
        {
            throw new ArgumentException($"Known groups: {string.Join(", ", Groups)}.");
        }

        Directory.CreateDirectory(folder);
        PeerInputs inputs = new(folder);
        PeerTable table = new(folder);
        await using PeerProcess? openAi = await PeerProcess.StartOpenAiAsync();
        await using PeerProcess? node = await PeerProcess.StartNodeAsync();
        string machine = $"{Cpu()}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}; {openAi?.Versions ?? "no PyTorch"}; {node?.Versions ?? "no Node.js"}; medians of {SideBySide.Rounds} rounds in turns (least–most).";
        if (Load() is { } load and > Busy)
        {
            machine += string.Create(CultureInfo.InvariantCulture, $" **The machine was busy with other work at the start (load {load:F1}): to be repeated.**");
        }

        Console.WriteLine(machine);
        foreach (string group in chosen.Length > 0 ? chosen : Groups)
        {
            table.Start(group);
            long start = Stopwatch.GetTimestamp();
            try
            {
                await (group switch
                {
                    "images" => EncodeSpeed.ImagesAsync(inputs, table, openAi),
                    "texts" => EncodeSpeed.TextsAsync(inputs, table, openAi),
                    "javascript" => EncodeSpeed.JavaScriptAsync(inputs, table, openAi, node),
                    "pixels" => PixelSpeed.RunAsync(inputs, table, openAi, node),
                    "tokens" => TokenSpeed.RunAsync(inputs, table, openAi, node),
                    "labels" => LabelSpeed.RunAsync(inputs, table),
                    _ => StartSpeed.RunAsync(inputs, table, openAi),
                });
                table.Finish(group);
            }
            catch (PeerException exception)
            {
                Console.WriteLine($"The group {group} was given up: {exception.Message}");
            }

            Console.WriteLine($"\n({Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s)");
        }

        if (arguments.Contains(WriteOption))
        {
            table.Write(Groups, machine);
        }
    }

    // Processes that ran or wanted to in the last minute; null where that cannot be told.
    private static double? Load() => File.Exists("/proc/loadavg") ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) : null;

    private static string Cpu() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString()
        : RuntimeInformation.ProcessArchitecture.ToString();
}
