using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics.Tensors;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Labels;
using ClipFunctions.Probe.Numerics;

namespace ClipFunctions.Probe.Fitting;

/// <summary>Checked features and labels with what every fit on them shares: the mean of the features and their Gram matrix.</summary>
internal sealed unsafe class TrainingSet : IDisposable
{
    private const int GramBand = 40;
    private const int GramRowsPerFeature = 16;

    private readonly ConcurrentBag<RowScratch> _scratches = [];
    private readonly int _threads;
    private NativeBuffer<double>? _gram;

    private TrainingSet(FeatureMatrix features, LabelVector labels, int threads)
    {
        Features = features;
        Labels = labels;
        _threads = threads;
        Outputs = labels.Classes.Count == 2 ? 1 : labels.Classes.Count;
        Mean = new float[features.Dimension];
        GramPitch = (features.Dimension + Kernels.Padding - 1) / Kernels.Padding * Kernels.Padding;
    }

    public FeatureMatrix Features { get; }

    public LabelVector Labels { get; }

    /// <summary>Rows of the weights: one for each class, but a single one for two.</summary>
    public int Outputs { get; }

    /// <summary>The features' mean, which is subtracted from every row.</summary>
    public float[] Mean { get; }

    /// <summary>From one row of the Gram matrix to the next.</summary>
    public int GramPitch { get; }

    /// <summary>The Gram matrix of the centred features, from every row or from a sample scaled to all; its upper triangle.</summary>
    public ReadOnlySpan<double> Gram => _gram!.Span;

    /// <summary>Checks the data and takes the mean.</summary>
    /// <exception cref="InvalidTrainingDataException">The data cannot be learnt from; the message tells why.</exception>
    public static TrainingSet Create(FeatureMatrix features, LabelVector labels, int threads, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        Check(features, labels);
        TrainingSet set = new(features, labels, threads);
        try
        {
            set.TakeMean(cancellationToken);
            set.TakeGram(cancellationToken);
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    public RowLanes Lanes(long bytesPerLane, CancellationToken cancellationToken) =>
        new(Features.Count, Features.Dimension, bytesPerLane, _threads, cancellationToken);

    public RowScratch Rent() => _scratches.TryTake(out RowScratch? scratch) ? scratch : new RowScratch(Features.Dimension, Outputs);

    public void GiveBack(RowScratch scratch) => _scratches.Add(scratch);

    public void Dispose()
    {
        _gram?.Dispose();
        while (_scratches.TryTake(out RowScratch? scratch))
        {
            scratch.Dispose();
        }
    }

    private static void Check(FeatureMatrix features, LabelVector labels)
    {
        if (features.Count != labels.Count)
        {
            throw new InvalidTrainingDataException(Text($"There are {features.Count} rows of features, but {labels.Count} labels."));
        }

        if (features.Count == 0)
        {
            throw new InvalidTrainingDataException("There are no rows to learn from.");
        }

        if (labels.Classes.Count < 2)
        {
            throw new InvalidTrainingDataException($"There is one class only, '{labels.Classes[0]}'; at least two are needed.");
        }

        int[] counts = labels.CountByClass();
        int empty = Array.IndexOf(counts, 0);
        if (empty >= 0)
        {
            int more = counts.Count(count => count == 0) - 1;
            throw new InvalidTrainingDataException(Text($"Class '{labels.Classes[empty]}' has no rows{(more > 0 ? $", nor have {more} others" : "")}."));
        }
    }

    private void TakeMean(CancellationToken cancellationToken)
    {
        int dimension = Features.Dimension;
        RowLanes lanes = Lanes(dimension * sizeof(double), cancellationToken);
        double[][] sums = [.. Enumerable.Range(0, lanes.Count).Select(_ => new double[dimension])];
        lanes.Run(Rent, (lane, scratch) =>
        {
            Span<double> sum = sums[lane];
            Span<float> block = new(scratch.Features, dimension);
            for (int row = lanes.Start(lane); row < lanes.Start(lane + 1); row += Kernels.BlockRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = Math.Min(Kernels.BlockRows, lanes.Start(lane + 1) - row);
                ReadOnlySpan<float> rows = Features.Read(row, count, scratch.Rows);
                block.Clear();
                for (int i = 0; i < rows.Length; i += dimension)
                {
                    VectorLoops.Add(rows.Slice(i, dimension), block);
                }

                for (int j = 0; j < dimension; j++)
                {
                    sum[j] += block[j];
                }
            }
        }, GiveBack);
        for (int j = 0; j < dimension; j++)
        {
            double sum = 0;
            foreach (double[] lane in sums)
            {
                sum += lane[j];
            }

            // A sum that is no number tells of one in the column, or of sums beyond float32.
            Mean[j] = (float)(sum / Features.Count);
            if (!float.IsFinite(Mean[j]))
            {
                throw Unusable(j);
            }
        }
    }

    private InvalidTrainingDataException Unusable(int column)
    {
        float[] row = new float[Features.Dimension];
        for (int i = 0; i < Features.Count; i++)
        {
            Features.CopyRows(i, row);
            if (!float.IsFinite(row[column]))
            {
                return new InvalidTrainingDataException(Text($"Row {i} of the features has {row[column]} in column {column}."));
            }
        }

        return new InvalidTrainingDataException(Text($"Column {column} of the features has numbers too large for float32 sums."));
    }

    /// <summary>Bands of rows of the matrix are computed independently, each from all sampled rows in order.</summary>
    private void TakeGram(CancellationToken cancellationToken)
    {
        int dimension = Features.Dimension;
        int sampled = (int)Math.Min(Features.Count, (long)GramRowsPerFeature * dimension);
        double scale = (double)Features.Count / sampled;
        NativeBuffer<double> gram = _gram = new((long)dimension * GramPitch);
        RowLanes threads = Lanes(1, cancellationToken);
        int bands = (dimension + GramBand - 1) / GramBand;
        threads.ForEach(bands, Rent, (band, scratch) =>
        {
            int first = band * GramBand;
            int classes = Math.Min(GramBand, dimension - first);
            int from = first / Kernels.Padding * Kernels.Padding;
            double* sums = gram.Pointer + ((nint)first * GramPitch);
            for (int start = 0; start < sampled; start += Kernels.BlockRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = Math.Min(Kernels.BlockRows, sampled - start);
                if (sampled == Features.Count)
                {
                    scratch.Load(Features.Read(start, count, scratch.Rows), 0, Mean);
                }
                else
                {
                    for (int i = 0; i < count; i++)
                    {
                        int row = (int)((long)(start + i) * Features.Count / sampled);
                        scratch.Load(Features.Read(row, 1, scratch.Rows), i, Mean);
                    }
                }

                Kernels.AddOuter(scratch.Features + first, scratch.FeaturePitch, classes, scratch.Features, scratch.FeaturePitch, from, dimension, count, sums, GramPitch, Kernels.Wide);
            }

            TensorPrimitives.Multiply(new ReadOnlySpan<double>(sums, classes * GramPitch), scale, new Span<double>(sums, classes * GramPitch));
        }, GiveBack);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
