using System.IO.Compression;
using ClipFunctions.Probe.Arrays;

namespace ClipFunctions.Probe.Classifying;

/// <summary>A classifier as a <c>.npz</c> file with scikit-learn's names.</summary>
internal static class ClassifierFile
{
    private const string Weights = "coef_";
    private const string Intercepts = "intercept_";
    private const string Classes = "classes_";
    private const string FeatureSource = "feature_source_";

    public static void Write(LinearClassifier classifier, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);
        NpyArray.FromDoubles(classifier.Weights.Span, classifier.Outputs, classifier.Dimension).Write(archive, Weights);
        NpyArray.FromDoubles(classifier.Intercepts.Span, classifier.Outputs).Write(archive, Intercepts);
        NpyArray.FromNames(classifier.Classes).Write(archive, Classes);
        if (classifier.FeatureSource is { } source)
        {
            NpyArray.FromNames([source]).Write(archive, FeatureSource);
        }
    }

    public static LinearClassifier Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            using ZipArchive archive = new(stream, ZipArchiveMode.Read, leaveOpen: true);
            NpyArray weights = NpyArray.Read(archive, Weights);
            NpyArray intercepts = NpyArray.Read(archive, Intercepts);
            double[] coefficients = weights.ToDoubles();
            double[] biases = intercepts.ToDoubles();
            string[] classes = NpyArray.Read(archive, Classes).ToNames();
            string? source = archive.GetEntry(FeatureSource + ".npy") is null ? null : NpyArray.Read(archive, FeatureSource).ToNames().FirstOrDefault();
            if (weights.Header.Shape.Count != 2 || weights.Header.Shape[0] != biases.Length || intercepts.Header.Shape.Count != 1)
            {
                throw new InvalidDataException($"The weights are {weights.Header}, the intercepts {intercepts.Header}: they do not fit each other.");
            }

            return LinearClassifier.Problem(coefficients, biases, classes) is { } problem
                ? throw new InvalidDataException(problem)
                : LinearClassifier.Own(coefficients, biases, classes, source is { Length: > 0 } ? source : null);
        }
        catch (Exception exception) when (exception is NotSupportedException or ArgumentException or EndOfStreamException or OverflowException)
        {
            throw new InvalidDataException("The file is no NumPy archive that can be read.", exception);
        }
    }
}
