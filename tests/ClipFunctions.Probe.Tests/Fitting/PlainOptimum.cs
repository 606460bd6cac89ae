using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Labels;

namespace ClipFunctions.Probe.Tests.Fitting;

/// <summary>The optimum of small problems by Newton's method with the whole Hessian, in double.</summary>
internal static class PlainOptimum
{
    public static LinearClassifier Find(FeatureMatrix features, LabelVector labels, double c)
    {
        int d = features.Dimension;
        int outputs = labels.Classes.Count == 2 ? 1 : labels.Classes.Count;
        int length = outputs * (d + 1);
        double[] point = new double[length];
        LinearClassifier at = Classifier(point);
        double value = PlainObjective.Value(at, features, labels, c);
        for (int iteration = 0; iteration < 200; iteration++)
        {
            double[] gradient = PlainObjective.Gradient(at, features, labels, c);
            double[] step = Solve(Hessian(at), gradient);
            double slope = gradient.Zip(step).Sum(pair => pair.First * pair.Second);
            if (slope <= 1e-13 * value)
            {
                return at;
            }

            double share = 1;
            LinearClassifier next;
            double nextValue;
            do
            {
                next = Classifier([.. point.Zip(step).Select(pair => pair.First - (share * pair.Second))]);
                nextValue = PlainObjective.Value(next, features, labels, c);
                share /= 2;
            }
            while (!(nextValue <= value - (1e-4 * share * slope)) && share > 1e-12);

            if (!(nextValue < value))
            {
                // The rest is double's round-off.
                return at;
            }

            point = [.. point.Zip(step).Select(pair => pair.First - (2 * share * pair.Second))];
            (at, value) = (next, nextValue);
        }

        throw new InvalidOperationException("Newton's method did not end.");

        LinearClassifier Classifier(double[] p) => LinearClassifier.Create(p.AsSpan(0, outputs * d), p.AsSpan(outputs * d), labels.Classes);

        double[][] Hessian(LinearClassifier classifier)
        {
            double[][] h = [.. Enumerable.Range(0, length).Select(_ => new double[length])];
            float[] x = new float[d];
            foreach ((int row, double[] scores) in PlainObjective.Scores(classifier, features))
            {
                features.CopyRows(row, x);
                double max = scores.Max();
                double sum = scores.Sum(score => Math.Exp(score - max));
                double[] p = [.. scores.Select(score => Math.Exp(score - max) / sum)];
                for (int i = 0; i < length; i++)
                {
                    for (int j = 0; j < length; j++)
                    {
                        (int a, int b) = (Output(i), Output(j));
                        h[i][j] += c * p[a] * ((a == b ? 1 : 0) - p[b]) * Feature(i) * Feature(j);
                    }
                }
            }

            for (int i = 0; i < length; i++)
            {
                // The intercepts of three classes or more are free by a constant.
                h[i][i] += i < outputs * d ? 1 : 1e-10 * (c + h[i][i]);
            }

            return h;

            int Output(int i) => outputs == 1 ? 1 : i < outputs * d ? i / d : i - (outputs * d);
            double Feature(int i) => i < outputs * d ? x[i % d] : 1;
        }
    }

    private static double[] Solve(double[][] matrix, double[] right)
    {
        int n = right.Length;
        double[] b = [.. right];
        for (int k = 0; k < n; k++)
        {
            int pivot = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(matrix[i][k]));
            (matrix[k], matrix[pivot]) = (matrix[pivot], matrix[k]);
            (b[k], b[pivot]) = (b[pivot], b[k]);
            for (int i = k + 1; i < n; i++)
            {
                double factor = matrix[i][k] / matrix[k][k];
                b[i] -= factor * b[k];
                for (int j = k; j < n; j++)
                {
                    matrix[i][j] -= factor * matrix[k][j];
                }
            }
        }

        for (int k = n - 1; k >= 0; k--)
        {
            for (int j = k + 1; j < n; j++)
            {
                b[k] -= matrix[k][j] * b[j];
            }

            b[k] /= matrix[k][k];
        }

        return b;
    }
}
