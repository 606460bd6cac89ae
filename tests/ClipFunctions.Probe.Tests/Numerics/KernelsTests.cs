using ClipFunctions.Probe.Numerics;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Numerics;

public sealed unsafe class KernelsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ProductsAreThoseOfPlainLoops(bool wide) =>
        Gen.Select(Gen.Int[1, Kernels.BlockRows], Gen.Int[1, 70], Gen.Int[1, 90], Gen.Int[0, 1000]).Sample(
            (rows, outputs, depth, seed) =>
            {
                Random random = new(seed);
                double[] w = [.. Enumerable.Range(0, outputs * depth).Select(_ => SampleFeatures.Normal(random))];
                int pitch = Kernels.PackedWidth(outputs, wide);
                using NativeBuffer<float> x = new(Kernels.BlockRows * depth), packed = new(pitch * depth), z = new(Kernels.BlockRows * pitch);
                foreach (ref float value in x.Span[..(rows * depth)])
                {
                    value = (float)SampleFeatures.Normal(random);
                }

                Kernels.Pack(w, depth, 1, outputs, depth, packed.Pointer, wide);
                Kernels.Multiply(x.Pointer, depth, rows, packed.Pointer, outputs, depth, z.Pointer, pitch, wide);
                for (int row = 0; row < rows; row++)
                {
                    for (int output = 0; output < outputs; output++)
                    {
                        double expected = 0;
                        for (int j = 0; j < depth; j++)
                        {
                            expected += x.Span[(row * depth) + j] * w[(output * depth) + j];
                        }

                        Assert.Equal(expected, z.Span[(row * pitch) + output], 1e-4);
                    }
                }
            },
            iter: 60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OuterSumsAreThoseOfPlainLoops(bool wide) =>
        Gen.Select(Gen.Int[1, Kernels.BlockRows], Gen.Int[1, 45], Gen.Int[1, 100], Gen.Int[0, 1000]).Sample(
            (rows, classes, features, seed) =>
            {
                Random random = new(seed);
                int xPitch = ((features + Kernels.Padding - 1) / Kernels.Padding * Kernels.Padding) + 16;
                int sumPitch = xPitch - 16;
                int rPitch = classes + Kernels.ClassOverhang;
                using NativeBuffer<float> r = new(Kernels.BlockRows * (rPitch + Kernels.ClassOverhang)), x = new(Kernels.BlockRows * xPitch);
                using NativeBuffer<double> sums = new(classes * sumPitch);
                sums.Span.Fill(7);
                for (int row = 0; row < rows; row++)
                {
                    for (int c = 0; c < classes; c++)
                    {
                        r.Span[(row * rPitch) + c] = (float)SampleFeatures.Normal(random);
                    }

                    for (int j = 0; j < features; j++)
                    {
                        x.Span[(row * xPitch) + j] = (float)SampleFeatures.Normal(random);
                    }
                }

                Kernels.AddOuter(r.Pointer, rPitch, classes, x.Pointer, xPitch, 0, features, rows, sums.Pointer, sumPitch, wide);
                for (int c = 0; c < classes; c++)
                {
                    for (int j = 0; j < features; j++)
                    {
                        double expected = 7;
                        for (int row = 0; row < rows; row++)
                        {
                            expected += (double)r.Span[(row * rPitch) + c] * x.Span[(row * xPitch) + j];
                        }

                        Assert.Equal(expected, sums.Span[(c * sumPitch) + j], 1e-4);
                    }
                }
            },
            iter: 60);

    [Fact]
    public void VectorLoopsAreThoseOfPlainLoops() =>
        Gen.Select(Gen.Float[-3, 3].Array[0, 200], Gen.Float[-3, 3]).Sample((a, factor) =>
        {
            float[] b = [.. a.Select((value, i) => value + i)];
            double[] wideA = [.. a.Select(value => (double)value)], wideB = [.. b.Select(value => (double)value)];
            double dot = wideA.Zip(wideB).Sum(pair => pair.First * pair.Second);
            Assert.Equal(dot, VectorLoops.Dot(a, b), 0.05);
            Assert.Equal(dot, VectorLoops.Dot((ReadOnlySpan<double>)wideA, wideB), 1e-9);
            float[] result = new float[a.Length];
            VectorLoops.Subtract(a, b, result);
            Assert.Equal(a.Zip(b).Select(pair => pair.First - pair.Second), result);
            VectorLoops.Add(b, result);
            Assert.All(result.Zip(a), pair => Assert.Equal(pair.Second, pair.First, 1e-4f));
            VectorLoops.AddScaled(b, factor, result);
            Assert.All(result.Zip(a.Zip(b)), pair => Assert.Equal(pair.Second.First + (factor * pair.Second.Second), pair.First, 1e-3f));
            VectorLoops.AddScaled((ReadOnlySpan<double>)wideA, factor, wideB);
            Assert.All(wideB.Zip(a.Zip(b)), pair => Assert.Equal(pair.Second.Second + ((double)factor * pair.Second.First), pair.First, 1e-9));
        });

    [Fact]
    public void LongDotProductsAreSummedInDouble()
    {
        float[] ones = Enumerable.Repeat(1f, 1 << 25).ToArray();
        Assert.Equal(1 << 25, VectorLoops.Dot(ones, ones));
    }
}
