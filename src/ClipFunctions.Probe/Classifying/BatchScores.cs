using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Numerics;

namespace ClipFunctions.Probe.Classifying;

/// <summary>Scores of many rows, in float32, block by block on all cores.</summary>
internal static unsafe class BatchScores
{
    private const int BlocksPerTask = 4;

    public static void Compute(LinearClassifier classifier, FeatureMatrix features, float[] scores)
    {
        (int outputs, int dimension) = (classifier.Outputs, classifier.Dimension);
        int pitch = Kernels.PackedWidth(outputs, Kernels.Wide);
        using NativeBuffer<float> packed = new((long)pitch * dimension);
        Kernels.Pack(classifier.Weights.Span, dimension, 1, outputs, dimension, packed.Pointer, Kernels.Wide);
        float[] bias = [.. classifier.Intercepts.Span.ToArray().Select(b => (float)b)];
        int rowsPerTask = BlocksPerTask * Kernels.BlockRows;
        Parallel.For(0, (features.Count + rowsPerTask - 1) / rowsPerTask, task =>
        {
            using NativeBuffer<float> rows = new((long)Kernels.BlockRows * dimension);
            using NativeBuffer<float> block = new((long)Kernels.BlockRows * pitch);
            int end = Math.Min(features.Count, (task + 1) * rowsPerTask);
            for (int row = task * rowsPerTask; row < end; row += Kernels.BlockRows)
            {
                int count = Math.Min(Kernels.BlockRows, end - row);
                ReadOnlySpan<float> read = features.Read(row, count, rows.Span);
                if (!read.Overlaps(rows.Span))
                {
                    read.CopyTo(rows.Span);
                }

                Kernels.Multiply(rows.Pointer, dimension, count, packed.Pointer, outputs, dimension, block.Pointer, pitch, Kernels.Wide);
                for (int i = 0; i < count; i++)
                {
                    for (int j = 0; j < outputs; j++)
                    {
                        scores[((row + i) * outputs) + j] = block.Pointer[(i * pitch) + j] + bias[j];
                    }
                }
            }
        });
    }
}
