using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Metrics;
using ClipFunctions.Testing;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Classifying;

public sealed class LinearClassifierTests
{
    // numpy 1.24: savez_compressed(coef_=asfortranarray(float32 [[1.5, -2], [0.25, 3], [0, -0.5]]), intercept_=[0.5, -1, 0.5], classes_=['cat', 'dog', 'zoë 😀'])
    private const string NumPyNames = "UEsDBBQAAAAIAAAAIQDfn10sWAAAAJgAAAAJABQAY29lZl8ubnB5AQAQAJgAAAAAAAAAWAAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2airqOgnpZfVFKUmBefX5SSChIPKSpNBQoXZyQWpAK5GsY6CkaaOgq1CuQDLgaGA/YMDA12DBBwgIHBwQFI7wcAUEsDBBQAAAAIAAAAIQCpCKBlTgAAAJgAAAAOABQAaW50ZXJjZXB0Xy5ucHkBABAAmAAAAAAAAABOAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6mjoKtQoUAC4GMHhgD6E/7IfxAVBLAwQUAAAACAAAACEArloiD2IAAAC8AAAADAAUAGNsYXNzZXNfLm5weQEAEAC8AAAAAAAAAGIAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbhNqqq6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaxjqaOgq1ChQArmQGBoZEIC5hQIAUIM4H4nQksSqo2GsgVgAJfGNkAABQSwECFAMUAAAACAAAACEA359dLFgAAACYAAAACQAAAAAAAAAAAAAAgAEAAAAAY29lZl8ubnB5UEsBAhQDFAAAAAgAAAAhAKkIoGVOAAAAmAAAAA4AAAAAAAAAAAAAAIABkwAAAGludGVyY2VwdF8ubnB5UEsBAhQDFAAAAAgAAAAhAK5aIg9iAAAAvAAAAAwAAAAAAAAAAAAAAIABIQEAAGNsYXNzZXNfLm5weVBLBQYAAAAAAwADAK0AAADBAQAAAAA=";

    // numpy 1.24: savez_compressed(coef_=[[1.5, -2]], intercept_=[0.5], classes_=[-7, 12])
    private const string NumPyNumbers = "UEsDBBQAAAAIAAAAIQB12LF+TwAAAJAAAAAJABQAY29lZl8ubnB5AQAQAJAAAAAAAAAATwAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqGOgpGmjoKtQpkAy4GMPhhD6EZDgAAUEsDBBQAAAAIAAAAIQDqxRmdSQAAAIgAAAAOABQAaW50ZXJjZXB0Xy5ucHkBABAAiAAAAAAAAABJAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GoY6mjoKtQoUAC4GMHhgDwBQSwMEFAAAAAgAAAAhAHGbAZZLAAAAkAAAAAwAFABjbGFzc2VzXy5ucHkBABAAkAAAAAAAAABLAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6mjoKtQoUAK6f/yGAhwECAFBLAQIUAxQAAAAIAAAAIQB12LF+TwAAAJAAAAAJAAAAAAAAAAAAAACAAQAAAABjb2VmXy5ucHlQSwECFAMUAAAACAAAACEA6sUZnUkAAACIAAAADgAAAAAAAAAAAAAAgAGKAAAAaW50ZXJjZXB0Xy5ucHlQSwECFAMUAAAACAAAACEAcZsBlksAAACQAAAADAAAAAAAAAAAAAAAgAETAQAAY2xhc3Nlc18ubnB5UEsFBgAAAAADAAMArQAAAJwBAAAAAA==";

    private static readonly Gen<LinearClassifier> Classifiers =
        from names in Gen.OneOf(
            Gen.Int[-1000, 1000].Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            Gen.String[Gen.Char['\u0001', '\uD7FF'], 1, 6],
            Gen.OneOf("😀", "007", "-0", "9223372036854775808", "é", "1 ")).Array[2, 6]
        let classes = names.Distinct(StringComparer.Ordinal).ToArray()
        where classes.Length >= 2
        let outputs = classes.Length == 2 ? 1 : classes.Length
        from dimension in Gen.Int[1, 5]
        from weights in Gen.Double.Where(double.IsFinite).Array[outputs * dimension]
        from intercepts in Gen.Double.Where(double.IsFinite).Array[outputs]
        select LinearClassifier.Create(weights, intercepts, classes);

    [Fact]
    public void AFileThatNumPyWroteWithNamesIsRead()
    {
        LinearClassifier classifier = Load(Convert.FromBase64String(NumPyNames));
        Assert.Equal(["cat", "dog", "zoë 😀"], classifier.Classes);
        Assert.Equal([1.5, -2, 0.25, 3, 0, -0.5], classifier.Weights.ToArray());
        Assert.Equal([0.5, -1, 0.5], classifier.Intercepts.ToArray());
        Assert.Equal((3, 2), (classifier.Outputs, classifier.Dimension));
    }

    [Fact]
    public void AFileThatNumPyWroteWithNumbersIsRead()
    {
        LinearClassifier classifier = Load(Convert.FromBase64String(NumPyNumbers));
        Assert.Equal(["-7", "12"], classifier.Classes);
        Assert.Equal([1.5, -2], classifier.Weights.ToArray());
        Assert.Equal([0.5], classifier.Intercepts.ToArray());
    }

    [Theory]
    [InlineData("|u1", 1)]
    [InlineData("|i1", 1)]
    [InlineData("<u2", 2)]
    [InlineData("<i2", 2)]
    [InlineData("<u4", 4)]
    [InlineData("<i4", 4)]
    [InlineData("<i8", 8)]
    public void EveryTypeOfWholeNumbersNamesClasses(string type, int size)
    {
        byte[] names = [.. ((long[])[3, 100, 7]).SelectMany(number => BitConverter.GetBytes(number)[..size])];
        Assert.Equal(["3", "100", "7"], Load(Zip(names: TestNpy.File(type, "3,", names))).Classes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryVersionOfTheFormatIsRead(byte version) =>
        Assert.Equal([1, 2, 3, 4, 5, 6], Load(Zip(weights: TestNpy.File("<f8", "3, 2", Bytes([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), version: version))).Weights.ToArray());

    [Fact]
    public void HalfAndSingleAndFortranOrderAreRead()
    {
        Assert.Equal([1, 2, 3, 4, 5, 6], Load(Zip(weights: TestNpy.File("<f4", "3, 2", Bytes([1f, 2f, 3f, 4f, 5f, 6f])))).Weights.ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 6], Load(Zip(weights: TestNpy.File("<f2", "3, 2", Bytes([(Half)1, (Half)2, (Half)3, (Half)4, (Half)5, (Half)6])))).Weights.ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 6], Load(Zip(weights: TestNpy.File("<f8", "3, 2", Bytes([1.0, 3.0, 5.0, 2.0, 4.0, 6.0]), fortran: true))).Weights.ToArray());
    }

    [Theory]
    [InlineData(">f8", "3, 2", 48, "'>f8'")]
    [InlineData("<i8", "3, 2", 48, "floating-point")]
    [InlineData("<f8", "6,", 48, "do not fit each other")]
    [InlineData("<f8", "2, 3", 48, "do not fit each other")]
    [InlineData("<f8", "3, 2", 47, "only 47 bytes")]
    [InlineData("<f8", "3, 2", 49, "more than its bytes")]
    [InlineData("<f8", "3, 0", 0, "no 3 rows")]
    [InlineData("<f8", "999999999999999999, 999999999999999999", 48, "larger than")]
    [InlineData("|O", "3, 2", 48, "numbers and strings")]
    public void WeightsThatAreNoneAreRefusedWithTheReason(string type, string shape, int bytes, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Load(Zip(weights: TestNpy.File(type, shape, new byte[bytes])))).Message, StringComparison.Ordinal);

    [Fact]
    public void WhatIsNotFiniteOrComesTwiceIsRefused()
    {
        Assert.Contains("not finite", Refusal(Zip(weights: TestNpy.File("<f8", "3, 2", Bytes([1, 2, 3, 4, double.NaN, 6])))), StringComparison.Ordinal);
        Assert.Contains("the name '7'", Refusal(Zip(names: TestNpy.File("<i8", "3,", Bytes([7L, 8L, 7L])))), StringComparison.Ordinal);
        Assert.Contains("has no name", Refusal(Zip(names: TestNpy.File("<U2", "3,", Bytes([97, 0, 98, 0, 0, 0])))), StringComparison.Ordinal);
        Assert.Contains("code point D800", Refusal(Zip(names: TestNpy.File("<U1", "3,", Bytes([97, 0xD800, 98])))), StringComparison.Ordinal);
        Assert.Contains("no array 'classes_'", Refusal(Zip(nameOfNames: "names")), StringComparison.Ordinal);
        string Refusal(byte[] file) => Assert.Throws<InvalidDataException>(() => Load(file)).Message;
    }

    [Fact]
    public void WhatIsSavedComesBackAndGivesTheSameBytes() => Classifiers.Sample(
        classifier =>
        {
            byte[] file = Saved(classifier);
            LinearClassifier back = Load(file);
            Assert.Equal(classifier.Classes, back.Classes);
            Assert.True(classifier.Weights.Span.SequenceEqual(back.Weights.Span));
            Assert.True(classifier.Intercepts.Span.SequenceEqual(back.Intercepts.Span));
            Assert.Equal(file, Saved(back));
        },
        iter: 500);

    [Fact]
    public void AnotherReaderOfNumPysFormatReadsWhatIsSaved()
    {
        LinearClassifier classifier = LinearClassifier.Create([1, 2, 3, 4, 5, 6], [7, 8, 9], ["a", "😀b", "c"]);
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            classifier.Save(path);
            using NpzFile file = NpzFile.Open(path);
            Assert.Equal([3, 2], file.Read("coef_").Shape);
            Assert.Equal([1, 2, 3, 4, 5, 6], file.Read("coef_").As<double>().ToArray());
            Assert.Equal([7, 8, 9], file.Read("intercept_").As<double>().ToArray());
            NpyArray names = file.Read("classes_");
            Assert.Equal("<U2", names.Type);
            Assert.Equal("a\0😀bc\0", Encoding.UTF32.GetString(names.Data));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void DamagedFilesAreReadOrRefusedByName() =>
        Gen.Select(Classifiers, Gen.Bool, Gen.Select(Gen.Double[0, 1], Gen.Int[0, 20], Gen.Byte.Array[0, 6]).Array[1, 4]).Sample(
            (classifier, compressed, changes) =>
            {
                byte[] file = compressed ? Convert.FromBase64String(classifier.Outputs == 1 ? NumPyNumbers : NumPyNames) : Saved(classifier);
                foreach ((double place, int removed, byte[] put) in changes)
                {
                    int at = (int)(place * file.Length);
                    file = [.. file[..at], .. put, .. file[Math.Min(at + removed, file.Length)..]];
                }

                LoadOrRefuse(file);
            },
            iter: 20_000);

    [Fact]
    public void FilesThatEndEarlyOrHaveOneOtherByteAreReadOrRefusedByName()
    {
        byte[] file = Convert.FromBase64String(NumPyNumbers);
        for (int at = 0; at < file.Length; at++)
        {
            LoadOrRefuse(file[..at]);
            foreach (byte other in (byte[])[0, 1, 0x7F, 0x80, 0xFF, (byte)(file[at] ^ 4)])
            {
                byte[] changed = [.. file];
                changed[at] = other;
                LoadOrRefuse(changed);
            }
        }
    }

    [Fact]
    public void ScoresAreThoseOfPlainSumsForManyRowsAndForOne() =>
        Gen.Select(Gen.Int[1, 700], Gen.Int[1, 40], Gen.Int[2, 20], Gen.Int[0, 100]).Sample(
            (rows, dimension, classes, seed) =>
            {
                Random random = new(seed);
                int outputs = classes == 2 ? 1 : classes;
                double[] weights = [.. Enumerable.Range(0, outputs * dimension).Select(_ => SampleFeatures.Normal(random))];
                double[] intercepts = [.. Enumerable.Range(0, outputs).Select(_ => SampleFeatures.Normal(random))];
                float[] values = [.. Enumerable.Range(0, rows * dimension).Select(_ => (float)SampleFeatures.Normal(random))];
                LinearClassifier classifier = LinearClassifier.Create(weights, intercepts, [.. Enumerable.Range(0, classes).Select(c => $"c{c}")]);
                FeatureMatrix features = FeatureMatrix.FromMemory(values, rows, dimension);
                ScoreMatrix scores = classifier.Scores(features), decision = classifier.DecisionFunction(features), probabilities = classifier.PredictProbability(features);
                int[] predictions = classifier.Predict(features);
                float[] one = new float[classes];
                foreach ((int row, double[] expected) in Fitting.PlainObjective.Scores(classifier, features))
                {
                    double max = expected.Max(), sum = expected.Sum(score => Math.Exp(score - max));
                    classifier.PredictProbability(values.AsSpan(row * dimension, dimension), one);
                    for (int c = 0; c < classes; c++)
                    {
                        Assert.Equal(expected[c], scores[row][c], 1e-4);
                        Assert.Equal(Math.Exp(expected[c] - max) / sum, probabilities[row][c], 1e-4);
                        Assert.Equal(Math.Exp(expected[c] - max) / sum, one[c], 1e-5);
                    }

                    Assert.Equal(expected[^1], decision[row][outputs - 1], 1e-4);
                    Assert.Equal(max, expected[predictions[row]], 2e-4);
                }
            },
            iter: 30);

    [Fact]
    public void RowsOfAnotherWidthAreRefused()
    {
        LinearClassifier classifier = LinearClassifier.Create([1, 2], [0], ["a", "b"]);
        Assert.Throws<ArgumentException>(() => classifier.Scores(FeatureMatrix.FromMemory(new float[3], 1, 3)));
        Assert.Throws<ArgumentException>(() => classifier.PredictProbability(new float[3], new float[2]));
        Assert.Throws<ArgumentException>(() => classifier.PredictProbability(new float[2], new float[3]));
        Assert.Throws<ArgumentException>(() => LinearClassifier.Create([1, 2], [0, 1], ["a", "b"]));
        Assert.Throws<ArgumentException>(() => LinearClassifier.Create([1, 2], [0], ["a", "a"]));
        Assert.Throws<ArgumentException>(() => LinearClassifier.Create([1, double.NaN], [0], ["a", "b"]));
        Assert.Throws<ArgumentException>(() => LinearClassifier.Create([1], [0], ["a"]));
    }

    private static void LoadOrRefuse(byte[] file)
    {
        try
        {
            LinearClassifier classifier = Load(file);
            Assert.True(classifier.Classes.Count >= 2 && classifier.Weights.Length == classifier.Outputs * classifier.Dimension);
        }
        catch (InvalidDataException)
        {
        }
    }

    private static LinearClassifier Load(byte[] file)
    {
        using MemoryStream stream = new(file);
        return LinearClassifier.Load(stream);
    }

    private static byte[] Saved(LinearClassifier classifier)
    {
        using MemoryStream stream = new();
        classifier.Save(stream);
        return stream.ToArray();
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(values).ToArray();

    private static byte[] Zip(byte[]? weights = null, byte[]? names = null, string nameOfNames = "classes_")
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("coef_", weights ?? TestNpy.File("<f8", "3, 2", Bytes([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])));
            Add("intercept_", TestNpy.File("<f8", "3,", Bytes([0.5, 0.25, 0.125])));
            Add(nameOfNames, names ?? TestNpy.File("<i8", "3,", Bytes([1L, 2L, 3L])));
            void Add(string name, byte[] data)
            {
                using Stream entry = archive.CreateEntry(name + ".npy").Open();
                entry.Write(data);
            }
        }

        return stream.ToArray();
    }
}
