using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ClipFunctions.Probe.Numerics;

namespace ClipFunctions.Probe.Fitting;

/// <summary>
/// <c>C · Σ logloss + ½‖W‖²</c> and its gradient, of centred features. A parameter vector is W row by row, then the intercepts.
/// Blocks of rows are computed in float32 while they stand in the cache; losses and gradients are summed in double.
/// </summary>
internal sealed unsafe class Objective : IDisposable
{
    private const float Never = -1e30f;

    private readonly TrainingSet _set;
    private readonly double _c;
    private readonly RowLanes _lanes;
    private readonly CancellationToken _cancellationToken;
    private readonly int _outputs;
    private readonly int _dimension;
    private readonly int _pitch;
    private readonly int _padded;
    private readonly NativeBuffer<float> _packed;
    private readonly NativeBuffer<double> _sums;
    private readonly double[] _losses;
    private readonly double[] _residuals;
    private readonly float[] _bias;

    public Objective(TrainingSet set, double c, CancellationToken cancellationToken)
    {
        (_set, _c, _cancellationToken) = (set, c, cancellationToken);
        (_outputs, _dimension) = (set.Outputs, set.Features.Dimension);
        _pitch = (_dimension + Kernels.Padding - 1) / Kernels.Padding * Kernels.Padding;
        _padded = (_outputs + Vector512<float>.Count - 1) / Vector512<float>.Count * Vector512<float>.Count;
        _lanes = set.Lanes((long)_outputs * _pitch * sizeof(double), cancellationToken);
        _packed = new NativeBuffer<float>((long)_padded * _dimension);
        _sums = new NativeBuffer<double>((long)_lanes.Count * _outputs * _pitch);
        _losses = new double[_lanes.Count];
        _residuals = new double[_lanes.Count * _padded];
        _bias = new float[_padded];
    }

    /// <summary>The length of a parameter vector.</summary>
    public int Length => _outputs * (_dimension + 1);

    /// <summary>The value at a point.</summary>
    /// <param name="point">Weights and intercepts.</param>
    /// <param name="gradient">The gradient there.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public double Evaluate(ReadOnlySpan<double> point, Span<double> gradient)
    {
        ReadOnlySpan<double> weights = point[..(_outputs * _dimension)];
        ReadOnlySpan<double> intercepts = point[weights.Length..];
        bool single = _outputs == 1;
        _bias.AsSpan().Fill(Never);
        TensorPrimitives.ConvertSaturating(intercepts, _bias.AsSpan(0, _outputs));
        if (single)
        {
            TensorPrimitives.ConvertSaturating(weights, _packed.Span);
        }
        else
        {
            Kernels.Pack(weights, _dimension, 1, _outputs, _dimension, _packed.Pointer, Kernels.Wide);
        }

        _lanes.Run(_set.Rent, RunLane, _set.GiveBack);
        double loss = 0;
        foreach (double part in _losses)
        {
            loss += part;
        }

        Reduce(weights, gradient);
        return (_c * loss) + (0.5 * TensorPrimitives.Dot(weights, weights));
    }

    public void Dispose()
    {
        _packed.Dispose();
        _sums.Dispose();
    }

    private void RunLane(int lane, RowScratch scratch)
    {
        double* sums = _sums.Pointer + ((nint)lane * _outputs * _pitch);
        new Span<double>(sums, _outputs * _pitch).Clear();
        Span<double> residuals = _residuals.AsSpan(lane * _padded, _padded);
        residuals.Clear();
        double loss = 0;
        int end = _lanes.Start(lane + 1);
        for (int row = _lanes.Start(lane); row < end; row += Kernels.BlockRows)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(Kernels.BlockRows, end - row);
            ReadOnlySpan<int> labels = _set.Labels.Indices.Slice(row, count);
            scratch.Load(_set.Features.Read(row, count, scratch.Rows), 0, _set.Mean);
            if (_outputs == 1)
            {
                loss += AddBlock(scratch, labels, sums, residuals);
                continue;
            }

            Kernels.Multiply(scratch.Features, scratch.FeaturePitch, count, _packed.Pointer, _outputs, _dimension, scratch.Scores, scratch.ScorePitch, Kernels.Wide);
            Span<float> blockResiduals = scratch.ScoreSums;
            blockResiduals.Clear();
            fixed (float* bias = _bias, residual = blockResiduals)
            {
                for (int i = 0; i < count; i++)
                {
                    loss += Softmax(scratch.Scores + ((nint)i * scratch.ScorePitch), labels[i], bias, residual, _padded);
                }
            }

            for (int j = 0; j < _outputs; j++)
            {
                residuals[j] += blockResiduals[j];
            }

            Kernels.AddOuter(scratch.Scores, scratch.ScorePitch, _outputs, scratch.Features, scratch.FeaturePitch, 0, _dimension, count, sums, _pitch, Kernels.Wide);
        }

        _losses[lane] = loss;
    }

    /// <summary>
    /// Turns a row's scores into residuals <c>p − [label]</c> and gives its loss. The label's own score is kept out of the sum, so that neither
    /// the loss nor the residual of a row that is nearly certain is a difference of nearly equal numbers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Softmax(float* row, int label, float* bias, float* sums, int padded)
    {
        float own = row[label] + bias[label];
        row[label] = Never;
        Vector512<float> most = Vector512.Create(own);
        for (int j = 0; j < padded; j += Vector512<float>.Count)
        {
            Vector512<float> score = Vector512.Load(row + j) + Vector512.Load(bias + j);
            score.Store(row + j);
            most = Vector512.Max(most, score);
        }

        float max = Largest(most);
        Vector512<float> shift = Vector512.Create(max);
        Vector512<float> sum = Vector512<float>.Zero;
        for (int j = 0; j < padded; j += Vector512<float>.Count)
        {
            Vector512<float> e = Vector512.Exp(Vector512.Load(row + j) - shift);
            e.Store(row + j);
            sum += e;
        }

        float others = Vector512.Sum(sum);
        float ownExp = MathF.Exp(own - max);
        Vector512<float> inverse = Vector512.Create(1 / (others + ownExp));
        for (int j = 0; j < padded; j += Vector512<float>.Count)
        {
            Vector512<float> r = Vector512.Load(row + j) * inverse;
            r.Store(row + j);
            (Vector512.Load(sums + j) + r).Store(sums + j);
        }

        float residual = -others * inverse[0];
        row[label] = residual;
        sums[label] += residual;
        return own == max ? LogOnePlus(others) : Math.Log((double)others + ownExp) + ((double)max - own);
    }

    private static float Largest(Vector512<float> v)
    {
        Vector256<float> a = Vector256.Max(v.GetLower(), v.GetUpper());
        Vector128<float> b = Vector128.Max(a.GetLower(), a.GetUpper());
        return MathF.Max(MathF.Max(b[0], b[1]), MathF.Max(b[2], b[3]));
    }

    /// <summary><c>log(1 + x)</c> without the loss of digits of a small x.</summary>
    private static double LogOnePlus(double x)
    {
        double u = 1 + x;
        return u == 1 ? x : Math.Log(u) * (x / (u - 1));
    }

    /// <summary>A block of the case with two classes: one score, the logistic loss.</summary>
    private double AddBlock(RowScratch scratch, ReadOnlySpan<int> labels, double* sums, Span<double> residuals)
    {
        ReadOnlySpan<float> weights = _packed.Span[.._dimension];
        Span<float> gradient = scratch.Rows[.._dimension];
        gradient.Clear();
        double loss = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> row = new(scratch.Features + ((nint)i * scratch.FeaturePitch), _dimension);
            double score = VectorLoops.Dot(row, weights) + _bias[0];
            double margin = labels[i] == 1 ? score : -score;
            double e = Math.Exp(-Math.Abs(margin));
            loss += LogOnePlus(e) + Math.Max(0, -margin);
            double missing = (margin > 0 ? e : 1) / (1 + e);
            double residual = labels[i] == 1 ? -missing : missing;
            residuals[0] += residual;
            VectorLoops.AddScaled(row, (float)residual, gradient);
        }

        for (int j = 0; j < _dimension; j++)
        {
            sums[j] += gradient[j];
        }

        return loss;
    }

    private void Reduce(ReadOnlySpan<double> weights, Span<double> gradient)
    {
        for (int output = 0; output < _outputs; output++)
        {
            Span<double> target = gradient.Slice(output * _dimension, _dimension);
            target.Clear();
            for (int lane = 0; lane < _lanes.Count; lane++)
            {
                TensorPrimitives.Add(target, new ReadOnlySpan<double>(_sums.Pointer + ((((nint)lane * _outputs) + output) * _pitch), _dimension), target);
            }

            TensorPrimitives.MultiplyAdd(target, _c, weights.Slice(output * _dimension, _dimension), target);
            double residual = 0;
            for (int lane = 0; lane < _lanes.Count; lane++)
            {
                residual += _residuals[(lane * _padded) + output];
            }

            gradient[weights.Length + output] = _c * residual;
        }
    }
}
