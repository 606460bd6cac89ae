using System.Globalization;
using System.Text.Json;
using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Labels;
using ClipFunctions.Testing;

namespace ClipFunctions.Probe.Tests;

/// <summary>The golden data in <c>probe/</c>: whatever sets <c>cases.json</c> lists, as scikit-learn fitted them.</summary>
internal static class ProbeGolden
{
    private const string Index = "probe/cases.json";

    /// <summary>The sets' names, or one empty name where there are no golden data: its tests are skipped.</summary>
    public static TheoryData<string> Sets => GoldenData.Has(Index) ? [.. Cases().Select(c => c.Set).Distinct()] : [""];

    /// <summary>Reads a set; skips the calling test where it is absent.</summary>
    public static GoldenSet Read(string set)
    {
        GoldenData.Require(Index);
        using NpzFile data = NpzFile.Open(GoldenData.Require($"probe/{set}.npz"));
        (FeatureMatrix train, LabelVector trainLabels) = Half(data, "train");
        (FeatureMatrix test, LabelVector testLabels) = Half(data, "test");
        return new GoldenSet(set, train, trainLabels, test, LabelVector.FromIndices([.. testLabels.Indices.ToArray().Select(i => IndexOf(trainLabels, testLabels.Classes[i]))], trainLabels.Classes), [.. Cases().Where(c => c.Set == set)]);
    }

    /// <summary>The arrays of a set's solutions by the name that comes before <c>_{C}</c>.</summary>
    public static Func<string, double[]> Solutions(NpzFile file, double c) =>
        name => Doubles(file.Read($"{name}_{c.ToString("R", CultureInfo.InvariantCulture)}"));

    /// <summary>The classifier at the stored optimum.</summary>
    public static LinearClassifier Optimum(NpzFile file, GoldenCase golden, IReadOnlyList<string> classes)
    {
        Func<string, double[]> read = Solutions(file, golden.C);
        return LinearClassifier.Create(read("optimum_coef"), read("optimum_intercept"), classes);
    }

    public static IReadOnlyList<GoldenCase> Cases()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(GoldenData.Root, Index)));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => new GoldenCase(
            c.GetProperty("set").GetString()!,
            c.GetProperty("C").GetDouble(),
            c.GetProperty("objective_optimum").GetDouble(),
            c.GetProperty("train_accuracy").GetDouble(),
            c.GetProperty("test_accuracy_optimum").GetDouble()))];
    }

    private static int IndexOf(LabelVector labels, string name)
    {
        int index = labels.Classes.ToList().IndexOf(name);
        return index >= 0 ? index : throw new InvalidDataException($"Class {name} occurs in the test half only.");
    }

    private static (FeatureMatrix Features, LabelVector Labels) Half(NpzFile data, string half)
    {
        NpyArray features = data.Read($"{half}_features");
        float[] values = [.. Doubles(features).Select(value => (float)value)];
        int[] labels = [.. Doubles(data.Read($"{half}_labels")).Select(value => (int)value)];
        return (FeatureMatrix.FromMemory(values, features.Shape[0], features.Shape[1]), LabelVector.From(labels));
    }

    private static double[] Doubles(NpyArray array) => array.Type switch
    {
        "<f2" => [.. array.As<Half>().ToArray().Select(value => (double)value)],
        "<f4" => [.. array.As<float>().ToArray().Select(value => (double)value)],
        "<f8" => array.As<double>().ToArray(),
        "<i4" => [.. array.As<int>().ToArray().Select(value => (double)value)],
        "<i8" => [.. array.As<long>().ToArray().Select(value => (double)value)],
        _ => throw new InvalidDataException($"Golden data of type {array.Type}."),
    };
}
