using ClipFunctions.Probe.Metrics;
using ClipFunctions.Probe.Reports;

namespace ClipFunctions.Evaluation;

/// <summary>The numbers of a classifier on a test split.</summary>
internal sealed class Measures
{
    private const int Bins = 15;
    private const int Samples = 1000;
    private const double Confidence = 0.95;
    private const int TopFive = 5;
    private const int WorstConfusions = 20;

    private readonly IReadOnlyList<string> _classes;
    private readonly int[] _labels;
    private readonly int[] _predicted;
    private readonly ScoreMatrix _probabilities;
    private readonly int[][] _confusion;

    public Measures(ScoreMatrix probabilities, int[] labels, IReadOnlyList<string> classes)
    {
        _probabilities = probabilities;
        _labels = labels;
        _classes = classes;
        _predicted = probabilities.ArgMax();
        _confusion = [.. classes.Select(_ => new int[classes.Count])];
        for (int row = 0; row < labels.Length; row++)
        {
            _confusion[labels[row]][_predicted[row]]++;
        }
    }

    public int[] Predicted => _predicted;

    public IReadOnlyList<IReadOnlyList<int>> Confusion => _confusion;

    public double Top1 => Share(Enumerable.Range(0, _labels.Length).Count(row => _predicted[row] == _labels[row]), _labels.Length);

    public ReportResult Result(int seed)
    {
        (double low, double high) = Bootstrap(seed);
        ReportCalibration calibration = Calibration();
        return new ReportResult
        {
            Count = _labels.Length,
            Top1 = Top1,
            Top1Low = low,
            Top1High = high,
            Confidence = Confidence,
            Top5 = _classes.Count > TopFive ? Share(Enumerable.Range(0, _labels.Length).Count(row => Rank(row) < TopFive), _labels.Length) : null,
            MeanPerClass = Classes().Where(entry => entry.Count > 0).Average(entry => entry.Recall),
            CalibrationError = calibration.Bins.Sum(bin => bin.Count * Math.Abs(bin.Confidence - bin.Accuracy)) / Math.Max(1, _labels.Length),
        };
    }

    /// <summary>Confidence against accuracy in bins of equal width (Guo et al. 2017).</summary>
    public ReportCalibration Calibration()
    {
        int[] counts = new int[Bins];
        int[] right = new int[Bins];
        double[] confidence = new double[Bins];
        for (int row = 0; row < _labels.Length; row++)
        {
            float top = _probabilities[row][_predicted[row]];
            int bin = Math.Clamp((int)Math.Ceiling(top * Bins) - 1, 0, Bins - 1);
            counts[bin]++;
            confidence[bin] += top;
            right[bin] += _predicted[row] == _labels[row] ? 1 : 0;
        }

        return new ReportCalibration
        {
            Bins = [.. Enumerable.Range(0, Bins).Select(bin => new ReportBin
            {
                Low = (double)bin / Bins,
                High = (double)(bin + 1) / Bins,
                Count = counts[bin],
                Confidence = counts[bin] == 0 ? 0 : Math.Clamp(confidence[bin] / counts[bin], 0, 1),
                Accuracy = Share(right[bin], counts[bin]),
            })],
        };
    }

    public IReadOnlyList<ReportClass> Classes() =>
    [
        .. Enumerable.Range(0, _classes.Count).Select(label =>
        {
            int count = _confusion[label].Sum();
            int called = _confusion.Sum(row => row[label]);
            double recall = Share(_confusion[label][label], count);
            double precision = Share(_confusion[label][label], called);
            return new ReportClass
            {
                Name = _classes[label],
                Count = count,
                Precision = precision,
                Recall = recall,
                F1 = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0,
            };
        }),
    ];

    public IReadOnlyList<ReportConfusion> Worst() =>
    [
        .. (from actual in Enumerable.Range(0, _classes.Count)
           from predicted in Enumerable.Range(0, _classes.Count)
           where actual != predicted && _confusion[actual][predicted] > 0
           orderby _confusion[actual][predicted] descending, actual, predicted
           select new ReportConfusion
           {
               Actual = _classes[actual],
               Predicted = _classes[predicted],
               Count = _confusion[actual][predicted],
               Share = Share(_confusion[actual][predicted], _confusion[actual].Sum()),
           }).Take(WorstConfusions),
    ];

    private static double Share(int part, int whole) => whole == 0 ? 0 : (double)part / whole;

    // Equal probabilities count by their order, as in the best class.
    private int Rank(int row)
    {
        ReadOnlySpan<float> probabilities = _probabilities[row];
        float own = probabilities[_labels[row]];
        int before = 0;
        for (int i = 0; i < probabilities.Length; i++)
        {
            before += probabilities[i] > own || (probabilities[i] == own && i < _labels[row]) ? 1 : 0;
        }

        return before;
    }

    /// <summary>The percentile interval of top-1 over samples drawn with replacement.</summary>
    private (double Low, double High) Bootstrap(int seed)
    {
        Random random = new(seed);
        double[] shares = new double[Samples];
        for (int sample = 0; sample < Samples; sample++)
        {
            int right = 0;
            for (int i = 0; i < _labels.Length; i++)
            {
                int row = random.Next(_labels.Length);
                right += _predicted[row] == _labels[row] ? 1 : 0;
            }

            shares[sample] = Share(right, _labels.Length);
        }

        Array.Sort(shares);
        int tail = (int)(Samples * (1 - Confidence) / 2);
        return (shares[tail], shares[Samples - 1 - tail]);
    }
}
