using System.Numerics.Tensors;
using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;

namespace ClipFunctions.Benchmarks.Probe;

/// <summary>scikit-learn's objective, <c>C · Σ logloss + ½‖W‖²</c>, wholly in float64: the judge of both sides.</summary>
internal static class ProbeObjective
{
    private const int RowsPerTask = 100;

    public static double Value(LinearClassifier classifier, FeatureMatrix features, int[] labels, double c)
    {
        int dimension = features.Dimension;
        ReadOnlyMemory<double> weights = classifier.Weights;
        double[] losses = new double[(features.Count + RowsPerTask - 1) / RowsPerTask];
        Parallel.For(0, losses.Length, task =>
        {
            float[] row = new float[dimension];
            double[] x = new double[dimension];
            double[] scores = new double[classifier.Classes.Count];
            for (int i = task * RowsPerTask; i < Math.Min(features.Count, (task + 1) * RowsPerTask); i++)
            {
                features.CopyRows(i, row);
                TensorPrimitives.ConvertSaturating<float, double>(row, x);
                for (int output = 0; output < classifier.Outputs; output++)
                {
                    scores[classifier.Outputs == 1 ? 1 : output] =
                        TensorPrimitives.Dot<double>(weights.Span.Slice(output * dimension, dimension), x) + classifier.Intercepts.Span[output];
                }

                double max = TensorPrimitives.Max<double>(scores);
                double sum = 0;
                foreach (double score in scores)
                {
                    sum += Math.Exp(score - max);
                }

                losses[task] += max + Math.Log(sum) - scores[labels[i]];
            }
        });
        return (c * losses.Sum()) + (0.5 * TensorPrimitives.Dot(weights.Span, weights.Span));
    }
}
