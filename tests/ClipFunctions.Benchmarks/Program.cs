using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// <c>uploads [count]</c> measures the local host from outside; <c>accuracy DIR</c> the demo model; anything else is an argument of BenchmarkDotNet
/// (<c>--filter '*'</c>).
/// </summary>
internal static class BenchmarkProgram
{
    private const int DefaultUploads = 500;

    public static async Task Main(string[] args)
    {
        switch (args)
        {
            case ["uploads", ..]:
                await UploadLoad.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : DefaultUploads);
                return;
            case ["accuracy", var folder]:
                await DemoAccuracy.RunAsync(folder);
                return;
        }

        IConfig config = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.MediumRun.WithLaunchCount(1).WithIterationCount(9).WithToolchain(InProcessEmitToolchain.Instance));
        BenchmarkSwitcher.FromAssembly(typeof(BenchmarkProgram).Assembly).Run(args, config);
    }
}
