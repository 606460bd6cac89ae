using System.Numerics.Tensors;
using ClipFunctions.Probe.Numerics;

namespace ClipFunctions.Probe.Fitting;

/// <summary>The last steps of L-BFGS and the changes of the gradient along them.</summary>
internal sealed class QuasiNewtonMemory(int capacity, int length)
{
    private readonly List<(float[] Step, float[] Change, double Product)> _pairs = new(capacity);
    private readonly double[] _factors = new double[capacity];
    private double _scale = 1;

    /// <summary>How many steps are kept.</summary>
    public int Count => _pairs.Count;

    /// <summary>Keeps a step, unless the gradient did not grow along it.</summary>
    public void Add(ReadOnlySpan<float> step, ReadOnlySpan<float> change)
    {
        double product = VectorLoops.Dot(step, change);
        double square = VectorLoops.Dot(change, change);
        if (!(product > 1e-12 * Math.Sqrt(square * VectorLoops.Dot(step, step))))
        {
            return;
        }

        (float[] Step, float[] Change, double Product) pair = _pairs.Count == capacity ? _pairs[0] : (new float[length], new float[length], 0);
        if (_pairs.Count == capacity)
        {
            _pairs.RemoveAt(0);
        }

        step.CopyTo(pair.Step);
        change.CopyTo(pair.Change);
        _pairs.Add(pair with { Product = product });
        _scale = product / square;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _pairs.Clear();
        _scale = 1;
    }

    /// <summary>The inverse Hessian's estimate times a gradient.</summary>
    public void Solve(ReadOnlySpan<float> gradient, Span<float> result)
    {
        gradient.CopyTo(result);
        for (int i = _pairs.Count - 1; i >= 0; i--)
        {
            (float[] step, float[] change, double product) = _pairs[i];
            _factors[i] = VectorLoops.Dot(step, result) / product;
            VectorLoops.AddScaled(change, (float)-_factors[i], result);
        }

        TensorPrimitives.Multiply(result, (float)_scale, result);
        for (int i = 0; i < _pairs.Count; i++)
        {
            (float[] step, float[] change, double product) = _pairs[i];
            VectorLoops.AddScaled(step, (float)(_factors[i] - (VectorLoops.Dot(change, result) / product)), result);
        }
    }
}
