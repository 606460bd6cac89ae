using System.Runtime.InteropServices;
using ClipFunctions.Probe.Features;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Features;

public sealed class FeatureMatrixTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void WhatStandsInTheFileIsRead() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[1, 9], Gen.OneOf<byte>(1, 2, 3)).SelectMany((rows, columns, version) => Gen.Float.Array[rows * columns].Select(values => (rows, columns, version, values))).Sample(
            one =>
            {
                (int rows, int columns, byte version, float[] values) = one;
                File.WriteAllBytes(_path, TestNpy.File("<f4", $"{rows}, {columns}", MemoryMarshal.AsBytes<float>(values), version: version));
                using FeatureMatrix mapped = FeatureMatrix.OpenNpy(_path);
                Assert.Equal((rows, columns), (mapped.Count, mapped.Dimension));
                float[] read = new float[values.Length];
                mapped.CopyRows(0, read);
                Assert.Equal(values, read);
            },
            iter: 200,
            threads: 1);

    [Theory]
    [InlineData("<f8", "2, 3", 48, false)]
    [InlineData(">f4", "2, 3", 24, false)]
    [InlineData("<f4", "6,", 24, false)]
    [InlineData("<f4", "2, 3", 24, true)]
    [InlineData("<f4", "2, 3", 23, false)]
    [InlineData("<f4", "2, 3", 28, false)]
    [InlineData("<f4", "0, 0", 0, false)]
    [InlineData("<f4", "4294967296, 4294967296", 0, false)]
    [InlineData("<f4", "3000000000, 1", 24, false)]
    public void FilesOfAnotherFormAreRefused(string type, string shape, int bytes, bool fortran)
    {
        File.WriteAllBytes(_path, TestNpy.File(type, shape, new byte[bytes], fortran));
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => FeatureMatrix.OpenNpy(_path));
        Assert.Contains(_path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedFilesAreReadOrRefusedByName()
    {
        byte[] whole = TestNpy.File("<f4", "5, 7", MemoryMarshal.AsBytes<float>(Enumerable.Range(0, 35).Select(i => (float)i).ToArray()));
        Gen.Select(Gen.Int[0, whole.Length], Gen.Int[0, 9], Gen.OneOf(Gen.Byte.Array[0, 4], Gen.OneOf("0", "9", "(", ", ", "'", "True", "-1", "99999999999").Select(System.Text.Encoding.ASCII.GetBytes))).Array[1, 3].Sample(
            changes =>
            {
                byte[] file = whole;
                foreach ((int place, int removed, byte[] put) in changes)
                {
                    int at = Math.Min(place, file.Length);
                    file = [.. file[..at], .. put, .. file[Math.Min(at + removed, file.Length)..]];
                }

                ReadOrRefuse(file);
            },
            iter: 5000,
            threads: 1);
        for (int end = 0; end < whole.Length; end++)
        {
            ReadOrRefuse(whole[..end]);
        }
    }

    [Fact]
    public void PartsAndChosenRowsAreThoseOfTheWhole() =>
        Gen.Select(Gen.Int[0, 9].Array[1, 5], Gen.Int[0, 1000]).Sample((counts, seed) =>
        {
            int total = counts.Sum();
            float[] values = [.. Enumerable.Range(0, total * 3).Select(i => (float)i)];
            List<FeatureMatrix> parts = [];
            int start = 0;
            foreach (int count in counts)
            {
                parts.Add(FeatureMatrix.FromMemory(values.AsMemory(start * 3, count * 3), count, 3));
                start += count;
            }

            using FeatureMatrix together = FeatureMatrix.Concatenate(parts);
            Assert.Equal(total, together.Count);
            for (int first = 0; first <= total; first++)
            {
                for (int end = first; end <= total; end++)
                {
                    float[] read = new float[(end - first) * 3];
                    together.CopyRows(first, read);
                    Assert.Equal(values[(first * 3)..(end * 3)], read);
                }
            }

            Random random = new(seed);
            int[] rows = total == 0 ? [] : [.. Enumerable.Range(0, 10).Select(_ => random.Next(total))];
            float[] chosen = new float[rows.Length * 3];
            together.Select(rows).CopyRows(0, chosen);
            Assert.Equal(rows.SelectMany(row => values[(row * 3)..((row * 3) + 3)]), chosen);
        });

    [Fact]
    public void WhatIsNotThereIsRefused()
    {
        FeatureMatrix features = FeatureMatrix.FromMemory(new float[6], 2, 3);
        Assert.Throws<ArgumentException>(() => FeatureMatrix.FromMemory(new float[5], 2, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => features.CopyRows(1, new float[6]));
        Assert.Throws<ArgumentOutOfRangeException>(() => features.CopyRows(-1, new float[3]));
        Assert.Throws<ArgumentException>(() => features.CopyRows(0, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => features.Select(new[] { 0, 2 }));
        Assert.Throws<ArgumentException>(() => FeatureMatrix.Concatenate(features, FeatureMatrix.FromMemory(new float[4], 1, 4)));
        Assert.Throws<ArgumentException>(() => FeatureMatrix.Concatenate());
        File.WriteAllBytes(_path, TestNpy.File("<f4", "1, 1", new byte[4]));
        FeatureMatrix mapped = FeatureMatrix.OpenNpy(_path);
        mapped.Dispose();
        mapped.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mapped.CopyRows(0, new float[1]));
    }

    private void ReadOrRefuse(byte[] file)
    {
        File.WriteAllBytes(_path, file);
        try
        {
            using FeatureMatrix features = FeatureMatrix.OpenNpy(_path);
            float[] all = new float[features.Count * features.Dimension];
            features.CopyRows(0, all);
        }
        catch (InvalidDataException)
        {
        }
    }
}
