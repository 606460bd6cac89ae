using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.Clip.Inference;

/// <summary>
/// Inputs and output of one shape, bound to a session once and used for any number of batches that fit into it, one at a time. Rows that a batch lacks
/// repeat its last one.
/// </summary>
internal sealed class BoundBatch<T> : IDisposable
    where T : unmanaged
{
    private readonly InferenceSession _session;
    private readonly T[] _input;
    private readonly T[] _mask;
    private readonly float[] _output;
    private readonly int _rows;
    private readonly OrtValue _inputValue;
    private readonly OrtValue? _maskValue;
    private readonly OrtValue _outputValue;
    private readonly OrtIoBinding _binding;

    public BoundBatch(InferenceSession session, string[] inputs, string output, long[] shape, int dimension)
    {
        _session = session;
        _rows = (int)shape[0];
        int length = checked((int)shape.Aggregate(1L, (product, side) => product * side));
        _input = GC.AllocateArray<T>(length, pinned: true);
        _mask = inputs.Length > 1 ? GC.AllocateArray<T>(length, pinned: true) : [];
        _output = GC.AllocateArray<float>(_rows * dimension, pinned: true);
        _inputValue = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _input.AsMemory(), shape);
        _maskValue = inputs.Length > 1 ? OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _mask.AsMemory(), shape) : null;
        _outputValue = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _output.AsMemory(), [_rows, dimension]);
        _binding = session.CreateIoBinding();
        _binding.BindInput(inputs[0], _inputValue);
        if (_maskValue is not null)
        {
            _binding.BindInput(inputs[1], _maskValue);
        }

        _binding.BindOutput(output, _outputValue);
    }

    /// <summary>Runs a batch of at most as many rows as there are places.</summary>
    public void Run(RunOptions options, ReadOnlySpan<T> input, ReadOnlySpan<T> mask, Span<float> output, int count)
    {
        Fill(_input, input, count);
        if (_mask.Length > 0)
        {
            Fill(_mask, mask, count);
        }

        _session.RunWithBinding(options, _binding);
        _output.AsSpan(0, output.Length).CopyTo(output);
    }

    public void Dispose()
    {
        _binding.Dispose();
        _inputValue.Dispose();
        _maskValue?.Dispose();
        _outputValue.Dispose();
    }

    private void Fill(T[] target, ReadOnlySpan<T> rows, int count)
    {
        rows.CopyTo(target);
        int each = target.Length / _rows;
        for (int row = count; row < _rows; row++)
        {
            rows[^each..].CopyTo(target.AsSpan(row * each));
        }
    }
}
