using System.Globalization;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// Zero-shot top-1 of the shipped model through this code, on pictures that <c>tools/demo-model/evaluate.py --write</c>
/// has painted: a folder of pictures and <c>labels.csv</c> (file, label).
/// </summary>
internal static class DemoAccuracy
{
    public static async Task RunAsync(string folder)
    {
        using ClipModel model = await ClipModel.LoadAsync(ModelBundle.Open(RepositoryPaths.DemoBundle));
        LabelSet labels = LabelSet.Load(model.Bundle.LabelsPath ?? throw new InvalidOperationException("The demo bundle has no label set."));
        ZeroShotClassifier classifier = new();
        int right = 0;
        int all = 0;
        foreach (string[] row in File.ReadLines(Path.Combine(folder, "labels.csv")).Skip(1).Select(line => line.Split(',', 2)))
        {
            EmbeddingMatrix embedding = model.EncodeImage([await File.ReadAllBytesAsync(Path.Combine(folder, row[0]))]);
            LabelScore best = (await classifier.ClassifyAsync(model, embedding, labels, 1))[0][0];
            right += best.Label == row[1] ? 1 : 0;
            all++;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{right} of {all} pictures right among {labels.Labels.Count} labels: {100.0 * right / all:F1} %"));
    }
}
