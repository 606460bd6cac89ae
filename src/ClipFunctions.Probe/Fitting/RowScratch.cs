using ClipFunctions.Probe.Numerics;

namespace ClipFunctions.Probe.Fitting;

/// <summary>What one thread needs for one block of rows: the centred features, the scores, later the residuals.</summary>
internal sealed unsafe class RowScratch : IDisposable
{
    private const int Stagger = 16;

    private readonly int _dimension;
    private readonly NativeBuffer<float> _rows;
    private readonly NativeBuffer<float> _features;
    private readonly NativeBuffer<float> _scores;

    /// <summary>Makes room.</summary>
    /// <param name="dimension">Features of a row.</param>
    /// <param name="outputs">Scores of a row.</param>
    public RowScratch(int dimension, int outputs)
    {
        _dimension = dimension;

        // A pitch that is no multiple of a power of two spreads a column over the cache's sets.
        FeaturePitch = Pad(dimension, Kernels.Padding) + Stagger;
        ScorePitch = Pad(outputs, Kernels.ClassOverhang) + Kernels.ClassOverhang;
        _rows = new NativeBuffer<float>((long)Kernels.BlockRows * dimension);
        _features = new NativeBuffer<float>((long)Kernels.BlockRows * FeaturePitch);
        _scores = new NativeBuffer<float>((long)Kernels.BlockRows * ScorePitch);
        ScoreSums = new float[Pad(outputs, Kernels.ClassOverhang)];
    }

    /// <summary>From one row of features to the next.</summary>
    public int FeaturePitch { get; }

    /// <summary>From one row of scores to the next.</summary>
    public int ScorePitch { get; }

    /// <summary>The block's features, minus the mean; numbers behind the last are zeros.</summary>
    public float* Features => _features.Pointer;

    /// <summary>The block's scores.</summary>
    public float* Scores => _scores.Pointer;

    /// <summary>Sums of the scores' columns.</summary>
    public float[] ScoreSums { get; }

    /// <summary>Room for rows that do not stand together.</summary>
    public Span<float> Rows => _rows.Span;

    /// <summary>Fills in a block's features.</summary>
    public void Load(ReadOnlySpan<float> rows, int first, ReadOnlySpan<float> mean)
    {
        for (int at = 0, row = first; at < rows.Length; at += _dimension, row++)
        {
            VectorLoops.Subtract(rows.Slice(at, _dimension), mean, new Span<float>(Features + ((nint)row * FeaturePitch), _dimension));
        }
    }

    public void Dispose()
    {
        _rows.Dispose();
        _features.Dispose();
        _scores.Dispose();
    }

    private static int Pad(int count, int to) => (count + to - 1) / to * to;
}
