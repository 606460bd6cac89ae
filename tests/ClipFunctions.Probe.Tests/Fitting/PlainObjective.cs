using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Labels;

namespace ClipFunctions.Probe.Tests.Fitting;

/// <summary>scikit-learn's objective from its definition, in double, row by row.</summary>
internal static class PlainObjective
{
    public static double Value(LinearClassifier classifier, FeatureMatrix features, LabelVector labels, double c)
    {
        double loss = 0;
        foreach ((int row, double[] scores) in Scores(classifier, features))
        {
            double max = scores.Max();
            loss += max + Math.Log(scores.Sum(score => Math.Exp(score - max))) - scores[labels.Indices[row]];
        }

        return (c * loss) + (0.5 * classifier.Weights.ToArray().Sum(w => w * w));
    }

    /// <summary>The gradient: weights row by row, then intercepts.</summary>
    public static double[] Gradient(LinearClassifier classifier, FeatureMatrix features, LabelVector labels, double c)
    {
        int d = features.Dimension;
        double[] gradient = [.. classifier.Weights.Span, .. new double[classifier.Outputs]];
        float[] x = new float[d];
        foreach ((int row, double[] scores) in Scores(classifier, features))
        {
            features.CopyRows(row, x);
            double max = scores.Max();
            double sum = scores.Sum(score => Math.Exp(score - max));
            for (int output = 0; output < classifier.Outputs; output++)
            {
                int k = classifier.Outputs == 1 ? 1 : output;
                double residual = c * ((Math.Exp(scores[k] - max) / sum) - (labels.Indices[row] == k ? 1 : 0));
                for (int j = 0; j < d; j++)
                {
                    gradient[(output * d) + j] += residual * x[j];
                }

                gradient[classifier.Weights.Length + output] += residual;
            }
        }

        return gradient;
    }

    /// <summary>One score for each class; 0 and the decision for two.</summary>
    public static IEnumerable<(int Row, double[] Scores)> Scores(LinearClassifier classifier, FeatureMatrix features)
    {
        int d = features.Dimension;
        double[] weights = classifier.Weights.ToArray();
        float[] x = new float[d];
        for (int row = 0; row < features.Count; row++)
        {
            features.CopyRows(row, x);
            double[] scores = new double[classifier.Classes.Count];
            for (int output = 0; output < classifier.Outputs; output++)
            {
                double score = classifier.Intercepts.Span[output];
                for (int j = 0; j < d; j++)
                {
                    score += weights[(output * d) + j] * x[j];
                }

                scores[classifier.Outputs == 1 ? 1 : output] = score;
            }

            yield return (row, scores);
        }
    }
}
