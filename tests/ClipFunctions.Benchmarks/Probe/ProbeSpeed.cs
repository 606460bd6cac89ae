using System.Diagnostics;
using System.Globalization;
using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Fitting;
using ClipFunctions.Probe.Labels;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks.Probe;

/// <summary>
/// The linear probe of openai/CLIP's README by scikit-learn and by this code: the same features, C and threads, each in a process of its own, in
/// turns; the objective is computed by one function for both.
/// </summary>
internal static class ProbeSpeed
{
    private const int Threads = 2;
    private const int Runs = 3;
    private const string Python = "/usr/bin/python3";

    // With SciPy's own 2.2e-9 scikit-learn ends above the optimum; a smaller one takes it as near as float32 lets it.
    private const string SmallFtol = "1e-13";

    public static async Task RunAsync(string folder, IReadOnlyList<string> names)
    {
        Console.WriteLine("| n | d | k | C | rows | scikit-learn | this code | ratio | objective: scikit-learn | … this code | scikit-learn above this | iterations / evaluations: scikit-learn | … this code | peak memory: scikit-learn | … this code | … features |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        List<string> equals = [];
        foreach (ProbeCase one in names.Count > 0 ? names.Select(ProbeCase.Parse) : ProbeCase.All)
        {
            string at = Path.Combine(folder, "probe");
            Directory.CreateDirectory(at);
            ProbeData.Write(at, one);
            string c = one.C.ToString("R", CultureInfo.InvariantCulture);
            List<double[]> own = [await FitAsync(at, c)];
            double[] theirs = await SklearnAsync(at, c, "-");
            double theirObjective = Objective(at, "sklearn.npz", one.C);
            for (int run = 1; run < Runs; run++)
            {
                own.Add(await FitAsync(at, c));
            }

            double ownObjective = Objective(at, "own.npz", one.C);
            double[] median = [.. own.OrderBy(run => run[0]).ElementAt(Runs / 2)];
            string size = string.Create(CultureInfo.InvariantCulture, $"{one.Rows:N0} | {one.Dimension} | {one.Classes} | {c} | {(one.Unit ? "unit" : "10")}");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {size} | {theirs[0]:F2} s | {median[0]:F2} s | {theirs[0] / median[0]:F1} | {theirObjective:R} | {ownObjective:R} | {(theirObjective / ownObjective) - 1:E1} | {theirs[1]} / {theirs[2]} | {median[1]} / {median[2]} | {theirs[3] / 1e3:F0} MB | {own.Max(run => run[3]) / 1e3:F0} MB | {own.Max(run => run[3]) * 1024 / one.Bytes:F2} × |"));

            double[] equal = await SklearnAsync(at, c, SmallFtol);
            double equalObjective = Objective(at, "sklearn.npz", one.C);
            equals.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"| {size} | {equal[0]:F2} s | {median[0]:F2} s | {equal[0] / median[0]:F1} | {(equalObjective / ownObjective) - 1:E1} | {equal[1]} / {equal[2]} |"));
        }

        Console.WriteLine();
        Console.WriteLine($"scikit-learn with SciPy's ftol at {SmallFtol}:");
        Console.WriteLine();
        Console.WriteLine("| n | d | k | C | rows | scikit-learn | this code | ratio | scikit-learn above this | iterations / evaluations: scikit-learn |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        equals.ForEach(Console.WriteLine);
    }

    /// <summary>The child process: fits, prints seconds, iterations, evaluations and peak memory in kB, and saves the classifier.</summary>
    public static void FitOne(string folder, double c)
    {
        using FeatureMatrix features = FeatureMatrix.OpenNpy(Path.Combine(folder, "features.npy"));
        LabelVector labels = LabelVector.From(Labels(folder));
        long start = Stopwatch.GetTimestamp();
        FitResult fit = LogisticRegression.Fit(features, labels, new FitOptions { C = c, Threads = Threads });
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} {fit.Report.Iterations} {fit.Report.Evaluations} {ChildProcess.Status("VmHWM")}"));
        fit.Classifier.Save(Path.Combine(folder, "own.npz"));
    }

    private static Task<double[]> FitAsync(string folder, string c) => ChildProcess.RunAsync("probe-one", folder, c);

    private static Task<double[]> SklearnAsync(string folder, string c, string ftol)
    {
        ProcessStartInfo start = new(Python) { ArgumentList = { Path.Combine(AppContext.BaseDirectory, "sklearn_fit.py"), folder, c, ftol } };
        foreach (string variable in (string[])["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])
        {
            start.Environment[variable] = Threads.ToString(CultureInfo.InvariantCulture);
        }

        return ChildProcess.RunAsync(start);
    }

    private static double Objective(string folder, string classifier, double c)
    {
        using FeatureMatrix features = FeatureMatrix.OpenNpy(Path.Combine(folder, "features.npy"));
        return ProbeObjective.Value(LinearClassifier.Load(Path.Combine(folder, classifier)), features, Labels(folder), c);
    }

    private static int[] Labels(string folder) => NpyFile.Read(Path.Combine(folder, "labels.npy")).As<int>().ToArray();
}
