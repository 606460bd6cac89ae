using ClipFunctions.Probe.Labels;
using ClipFunctions.Probe.Numerics;

namespace ClipFunctions.Probe.Metrics;

/// <summary>Rows drawn with replacement, again and again: how far the shares vary.</summary>
/// <param name="Top1">Rows whose class comes first.</param>
/// <param name="Top5">Rows whose class is among the first five.</param>
/// <param name="MeanPerClass">The mean over the classes of the former.</param>
internal sealed record Bootstrap(ConfidenceInterval Top1, ConfidenceInterval Top5, ConfidenceInterval MeanPerClass)
{
    public static Bootstrap Run(LabelVector labels, bool[] first, bool[] amongFive, MetricsOptions options, CancellationToken cancellationToken)
    {
        (int samples, int rows, int classes) = (options.BootstrapSamples, first.Length, labels.Classes.Count);
        double[] top1 = new double[samples];
        double[] top5 = new double[samples];
        double[] perClass = new double[samples];
        Parallel.For(0, samples, new ParallelOptions { CancellationToken = cancellationToken }, () => new int[2 * classes], (sample, _, counts) =>
        {
            SplitMix random = new((((ulong)(uint)options.Seed) << 32) | (uint)sample);
            ReadOnlySpan<int> indices = labels.Indices;
            Array.Clear(counts);
            int hits = 0, among = 0;
            for (int i = 0; i < rows; i++)
            {
                int row = random.Below(rows);
                int hit = first[row] ? 1 : 0;
                hits += hit;
                among += amongFive[row] ? 1 : 0;
                counts[indices[row]]++;
                counts[classes + indices[row]] += hit;
            }

            (top1[sample], top5[sample], perClass[sample]) = ((double)hits / rows, (double)among / rows, MeanRecall(counts));
            return counts;
        }, _ => { });
        int[] all = new int[2 * classes];
        for (int row = 0; row < rows; row++)
        {
            all[labels.Indices[row]]++;
            all[classes + labels.Indices[row]] += first[row] ? 1 : 0;
        }

        return new Bootstrap(
            Interval(first.Count(hit => hit) / (double)rows, top1, options.Confidence),
            Interval(amongFive.Count(hit => hit) / (double)rows, top5, options.Confidence),
            Interval(MeanRecall(all), perClass, options.Confidence));
    }

    private static double MeanRecall(int[] counts)
    {
        int classes = counts.Length / 2, present = 0;
        double sum = 0;
        for (int i = 0; i < classes; i++)
        {
            if (counts[i] > 0)
            {
                sum += (double)counts[classes + i] / counts[i];
                present++;
            }
        }

        return sum / present;
    }

    private static ConfidenceInterval Interval(double value, double[] samples, double confidence)
    {
        Array.Sort(samples);
        double tail = (1 - confidence) / 2;
        return new ConfidenceInterval(value, Quantile(samples, tail), Quantile(samples, 1 - tail));
    }

    /// <summary>NumPy's default quantile: linear between the neighbours.</summary>
    private static double Quantile(double[] sorted, double share)
    {
        double at = share * (sorted.Length - 1);
        int below = (int)at;
        return below + 1 < sorted.Length ? sorted[below] + ((at - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }
}
