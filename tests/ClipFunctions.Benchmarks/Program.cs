using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ClipFunctions.Benchmarks.Peers;
using ClipFunctions.Benchmarks.Probe;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// <c>uploads [count]</c>, <c>uploads DIR model precision count</c>, <c>evaluations [pictures]</c> and <c>http DIR [model] [precision] [seconds]</c> measure the local host from outside; <c>accuracy DIR</c> the demo model; <c>convert DIR [model…]</c> the conversion of
/// checkpoints of true sizes; <c>load DIR [model…]</c> the time to the first vectors; <c>agreement DIR COUNT model…</c>
/// fp16 and int8 against fp32; <c>fast DIR [model…]</c> fast pixels against exact ones; <c>probe DIR [case…]</c> logistic regression against scikit-learn;
/// <c>start DIR model precision…</c> a cold start by its parts; <c>scale labels|files|evaluations [count…]</c> what a picture costs as the work grows;
/// <c>peers DIR [--write] [group…]</c> all else against other programs (<c>./bench.sh</c>); anything else is an argument of BenchmarkDotNet (<c>--filter '*'</c>).
/// </summary>
internal static class BenchmarkProgram
{
    private const int DefaultUploads = 500;
    private const int DefaultPictures = 20_000;
    private const int DefaultHttpSeconds = 60;

    public static async Task Main(string[] args)
    {
        switch (args)
        {
            case ["uploads", var folder, var model, var precision, var count]:
                await UploadLoad.CompareAsync(folder, model, ModelRequest.ParsePrecision(precision), int.Parse(count, CultureInfo.InvariantCulture));
                return;
            case ["uploads", ..]:
                await UploadLoad.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : DefaultUploads);
                return;
            case ["evaluations", ..]:
                await EvaluationLoad.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : DefaultPictures);
                return;
            case ["http", var folder, .. var rest]:
                await HttpLoad.RunAsync(
                    folder,
                    rest.Length > 0 ? rest[0] : "ViT-B/32",
                    rest.Length > 1 ? ModelRequest.ParsePrecision(rest[1]) : ModelPrecision.Fp32,
                    rest.Length > 2 ? int.Parse(rest[2], CultureInfo.InvariantCulture) : DefaultHttpSeconds);
                return;
            case ["accuracy", var folder]:
                await DemoAccuracy.RunAsync(folder);
                return;
            case ["convert", var folder, .. var models]:
                await ConversionLoad.RunAsync(folder, models);
                return;
            case ["load", var folder, .. var models]:
                await LoadTime.RunAsync(folder, models);
                return;
            case ["load-one", var bundle, var cache]:
                await LoadTime.LoadOneAsync(bundle, cache);
                return;
            case ["probe", var folder, .. var cases]:
                await ProbeSpeed.RunAsync(folder, cases);
                return;
            case ["probe-one", var folder, var c]:
                ProbeSpeed.FitOne(folder, double.Parse(c, CultureInfo.InvariantCulture));
                return;
            case ["peers", var folder, .. var groups]:
                await PeerSpeed.RunAsync(folder, groups);
                return;
            case ["start", var folder, var model, .. var precisions]:
                await ColdStart.RunAsync(folder, model, precisions.Select(ModelRequest.ParsePrecision));
                return;
            case ["start-one", var bundle, var started]:
                await ColdStart.StartOneAsync(bundle, started);
                return;
            case ["scale", "labels", .. var counts]:
                await ScaleLoad.LabelsAsync(Counts(counts, 10, 100, 1_000, 10_000, 20_000));
                return;
            case ["scale", "files", .. var counts]:
                await ScaleLoad.FilesAsync(Counts(counts, 100, 1_000, 10_000));
                return;
            case ["scale", "evaluations", .. var counts]:
                await ScaleLoad.EvaluationsAsync(Counts(counts, 1_000, 10_000, 100_000, 200_000));
                return;
            case ["agreement", var folder, var count, .. var models]:
                await PrecisionAgreement.RunAsync(folder, int.Parse(count, CultureInfo.InvariantCulture), models);
                return;
            case ["fast", var folder, .. var models]:
                await FastModeAgreement.RunAsync(folder, models.Length > 0 ? models : ["demo", "ViT-B/32"]);
                return;
            case ["convert-one", var source, var destination, var precision]:
                await ConversionLoad.ConvertOneAsync(source, destination, Enum.Parse<ModelPrecision>(precision));
                return;
        }

        IConfig config = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.MediumRun.WithLaunchCount(1).WithIterationCount(9).WithToolchain(InProcessEmitToolchain.Instance));
        BenchmarkSwitcher.FromAssembly(typeof(BenchmarkProgram).Assembly).Run(args, config);
    }

    private static int[] Counts(string[] given, params int[] otherwise) => given.Length == 0 ? otherwise : [.. given.Select(count => int.Parse(count, CultureInfo.InvariantCulture))];
}
