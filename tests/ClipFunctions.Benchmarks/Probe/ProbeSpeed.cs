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
    private const double Equal = 1e-11;
    private const string Python = "/usr/bin/python3";

    // Beyond its own end scikit-learn is only followed where that does not take all day.
    private const double MostSeconds = 60;

    public static async Task RunAsync(string folder, IReadOnlyList<string> names)
    {
        Console.WriteLine("| n | d | k | C | rows' length | scikit-learn | this code | ratio | scikit-learn's objective above this code's | … this code's | iterations / evaluations: scikit-learn | … this code | peak memory: scikit-learn | … this code | … by features | scikit-learn to this code's objective | … evaluations | … ratio |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        string at = Path.Combine(folder, "probe");
        Directory.CreateDirectory(at);
        foreach (ProbeCase one in names.Count > 0 ? names.Select(ProbeCase.Parse) : ProbeCase.All)
        {
            ProbeData.Write(at, one);
            string c = one.C.ToString("R", CultureInfo.InvariantCulture);
            List<double[]> own = [await FitAsync(at, c)];
            double[] theirs = await SklearnAsync(at, c);
            double theirObjective = Objective(at, "sklearn.npz", one.C);
            while (own.Count < Runs)
            {
                own.Add(await FitAsync(at, c));
            }

            double ownObjective = Objective(at, "own.npz", one.C);
            double[] median = [.. own.OrderBy(run => run[0]).ElementAt(Runs / 2)];
            double peak = own.Max(run => run[3]);
            double[]? equal = theirs[0] < MostSeconds ? await SklearnAsync(at, c, ownObjective.ToString("R", CultureInfo.InvariantCulture)) : null;
            string beyond = equal is null ? "| | |"
                : Objective(at, "sklearn.npz", one.C) <= ownObjective * (1 + Equal) ? Text($"{equal[0]:F2} s | {equal[2]} | {equal[0] / median[0]:F1} |")
                : Text($"not in {equal[0]:F2} s | {equal[2]} | |");
            Console.WriteLine(Text($"| {one.Rows:N0} | {one.Dimension} | {one.Classes} | {c} | {(one.Unit ? 1 : 8)} | {theirs[0]:F2} s | {median[0]:F2} s | {theirs[0] / median[0]:F1} ")
                + Text($"| {theirObjective / ownObjective - 1:+0.0E+0;-0.0E+0} | {ownObjective:F6} | {theirs[1]} / {theirs[2]} | {median[1]} / {median[2]} ")
                + Text($"| {theirs[3] / 1e3:F0} MB | {peak / 1e3:F0} MB | {peak * 1024 / one.Bytes:F2} × | {beyond}"));
        }
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

    private static Task<double[]> SklearnAsync(string folder, params string[] arguments)
    {
        ProcessStartInfo start = new(Python, [Path.Combine(AppContext.BaseDirectory, "sklearn_fit.py"), folder, .. arguments]);
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

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static int[] Labels(string folder) => NpyFile.Read(Path.Combine(folder, "labels.npy")).As<int>().ToArray();
}
