using System.Diagnostics;
using System.Globalization;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>ImageNet's 1,000 labels in openai/CLIP's 80 templates: what they cost the first picture, and what those after it.</summary>
internal static class LabelSpeed
{
    public static async Task RunAsync(PeerInputs inputs, PeerTable table)
    {
        LabelSet labels = PeerInputs.ImageNet();
        (byte[] pixels, _) = inputs.Pixels(1);
        using ClipModel model = await inputs.ModelAsync(inputs.Checkpoint("ViT-B/32"), ModelPrecision.DynamicInt8);
        ZeroShotClassifier classifier = new();
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<IReadOnlyList<LabelScore>> first = await ClassifyAsync();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        IReadOnlyList<IReadOnlyList<LabelScore>> last = [];
        EmbeddingMatrix vector = model.EncodeImage(pixels, 1);
        Times[] times = await SideBySide.MeasureAsync(
            Side.Own("alone", () => vector = model.EncodeImage(pixels, 1)),
            Side.Own("with labels", () => last = ClassifyAsync().GetAwaiter().GetResult()),
            Side.Own("labels", () => classifier.ClassifyAsync(model, vector, labels).GetAwaiter().GetResult()));
        string same = first[0].SequenceEqual(last[0]) ? "the same labels" : "OTHER labels than the first time";
        string what = string.Create(CultureInfo.InvariantCulture, $"{labels.Labels.Count:N0} labels × {labels.Templates.Count} templates, ViT-B/32 int8, one picture");
        table.Add(string.Create(CultureInfo.InvariantCulture, $"| {what}, second on | {times[1]} | encode_image alone | {times[0]} | {(times[1].Median - times[0].Median) * 1e3:+0.00;-0.00} ms; the labels' part alone: {times[2]} | ≤ +1 ms | {same} |"));
        table.Add(string.Create(CultureInfo.InvariantCulture, $"| {what}, first: every prompt encoded | {seconds:F0} s, once | | | {labels.Labels.Count * labels.Templates.Count / seconds:F0} prompts/s | | |"));

        Task<IReadOnlyList<IReadOnlyList<LabelScore>>> ClassifyAsync() => classifier.ClassifyAsync(model, model.EncodeImage(pixels, 1), labels);
    }
}
