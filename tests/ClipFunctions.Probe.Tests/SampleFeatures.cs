using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Labels;

namespace ClipFunctions.Probe.Tests;

/// <summary>Seeded features: normal noise around a centre for each class, and a mean that all rows share.</summary>
internal static class SampleFeatures
{
    /// <summary>Makes rows; every class has one at least.</summary>
    public static (float[] Values, int[] Labels) Make(int rows, int dimension, int classes, double separation, int seed = 1)
    {
        Random random = new(seed);
        double[] mean = [.. Enumerable.Range(0, dimension).Select(_ => Normal(random))];
        double[] centres = [.. Enumerable.Range(0, classes * dimension).Select(_ => separation * Normal(random))];
        int[] labels = [.. Enumerable.Range(0, rows).Select(row => row < classes ? row : random.Next(classes))];
        float[] values = new float[rows * dimension];
        for (int i = 0; i < values.Length; i++)
        {
            int column = i % dimension;
            values[i] = (float)(mean[column] + centres[(labels[i / dimension] * dimension) + column] + Normal(random));
        }

        return (values, labels);
    }

    public static (FeatureMatrix Features, LabelVector Labels) Matrix(int rows, int dimension, int classes, double separation, int seed = 1)
    {
        (float[] values, int[] labels) = Make(rows, dimension, classes, separation, seed);
        return (FeatureMatrix.FromMemory(values, rows, dimension), LabelVector.From(labels));
    }

    public static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
