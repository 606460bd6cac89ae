using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;

namespace ClipFunctions.Benchmarks.Probe;

/// <summary>
/// Seeded features as an image tower gives them: a large mean that all rows share, classes around it, and correlated columns whose principal
/// components fall off by a power law. Rows have a length of about 8, or of 1.
/// </summary>
internal static class ProbeData
{
    private const double Separation = 0.17;
    private const double Falloff = 0.5;
    private const double SharedLength = 4;
    private const double Spread = 7;
    private const int RowsPerTask = 250;

    /// <summary>Writes <c>features.npy</c> (float32, <c>[n, d]</c>) and <c>labels.npy</c> (int32, <c>[n]</c>).</summary>
    public static void Write(string folder, ProbeCase one)
    {
        (int rows, int dimension, int classes) = (one.Rows, one.Dimension, one.Classes);
        Random random = new(dimension);
        float[] basis = Normal(random, dimension * dimension);
        float[] mean = Normal(random, dimension);
        float[] scales = [.. Enumerable.Range(0, dimension).Select(j => (float)Math.Pow(j + 1, -Falloff))];
        TensorPrimitives.Multiply(scales, (float)(Spread / TensorPrimitives.Norm<float>(scales)), scales);
        for (int j = 0; j < dimension; j++)
        {
            Span<float> direction = basis.AsSpan(j * dimension, dimension);
            TensorPrimitives.Multiply(direction, scales[j] / TensorPrimitives.Norm<float>(direction), direction);
        }

        TensorPrimitives.Multiply(mean, (float)(SharedLength / TensorPrimitives.Norm<float>(mean)), mean);
        float[] centres = Normal(random, classes * dimension);
        int[] labels = [.. Enumerable.Range(0, rows).Select(row => row < classes ? row : random.Next(classes))];
        float[] features = new float[checked(rows * dimension)];
        Parallel.For(0, (rows + RowsPerTask - 1) / RowsPerTask, task =>
        {
            Random own = new(HashCode(dimension, classes, task));
            float[] components = new float[dimension];
            for (int row = task * RowsPerTask; row < Math.Min(rows, (task + 1) * RowsPerTask); row++)
            {
                Fill(own, components);
                TensorPrimitives.MultiplyAdd(centres.AsSpan(labels[row] * dimension, dimension), (float)Separation, components, components);
                Span<float> target = features.AsSpan(row * dimension, dimension);
                mean.CopyTo(target);
                for (int j = 0; j < dimension; j++)
                {
                    TensorPrimitives.MultiplyAdd(basis.AsSpan(j * dimension, dimension), components[j], target, target);
                }

                if (one.Unit)
                {
                    TensorPrimitives.Divide(target, TensorPrimitives.Norm<float>(target), target);
                }
            }
        });
        WriteNpy(Path.Combine(folder, "features.npy"), "<f4", $"{rows}, {dimension}", MemoryMarshal.AsBytes<float>(features));
        WriteNpy(Path.Combine(folder, "labels.npy"), "<i4", $"{rows},", MemoryMarshal.AsBytes<int>(labels));
    }

    // HashCode.Combine differs from process to process.
    private static int HashCode(int dimension, int classes, int task) => unchecked((((dimension * 397) + classes) * 7919) + task);

    private static float[] Normal(Random random, int count)
    {
        float[] values = new float[count];
        Fill(random, values);
        return values;
    }

    private static void Fill(Random random, Span<float> values)
    {
        foreach (ref float value in values)
        {
            value = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
    }

    private static void WriteNpy(string path, string type, string shape, ReadOnlySpan<byte> data)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}".PadRight(117) + "\n";
        using FileStream stream = File.Create(path);
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0]);
        stream.Write(Encoding.ASCII.GetBytes(header));
        stream.Write(data);
    }
}
