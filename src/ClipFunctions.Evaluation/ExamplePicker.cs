using ClipFunctions.Clip.Imaging;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Datasets.Reading;
using ClipFunctions.Probe.Metrics;
using ClipFunctions.Probe.Reports;

namespace ClipFunctions.Evaluation;

/// <summary>Chooses hits and misses to show: the surest of each, hits from as many classes as there are.</summary>
internal static class ExamplePicker
{
    private const int ThumbnailSize = 96;

    public static async Task<ReportExamples> PickAsync(EvaluationInput input, SplitFeatures test, int[] predicted, ScoreMatrix probabilities, CancellationToken cancellationToken)
    {
        float Sureness(int row) => probabilities[row][predicted[row]];
        IEnumerable<int> bySureness = Enumerable.Range(0, predicted.Length).OrderByDescending(Sureness).ThenBy(row => test.Items[row]);
        int[] misses = [.. bySureness.Where(row => predicted[row] != test.Labels[row]).Take(input.Examples)];
        int[] sure = [.. bySureness.Where(row => predicted[row] == test.Labels[row])];
        int[] firsts = [.. sure.DistinctBy(row => test.Labels[row]).Take(input.Examples)];
        int[] hits = [.. firsts, .. sure.Except(firsts).Take(input.Examples - firsts.Length)];
        Dictionary<int, byte[]?> thumbnails = await ThumbnailsAsync(input, [.. hits.Concat(misses).Select(row => test.Items[row]).Order()], cancellationToken);
        return new ReportExamples { Hits = [.. hits.Select(Example)], Misses = [.. misses.Select(Example)] };

        ReportExample Example(int row) => new()
        {
            Name = input.Plan.Items[test.Items[row]].Name,
            Actual = input.Plan.Classes[test.Labels[row]],
            Predicted = input.Plan.Classes[predicted[row]],
            Probability = Sureness(row),
            Thumbnail = thumbnails.GetValueOrDefault(test.Items[row]),
        };
    }

    private static async Task<Dictionary<int, byte[]?>> ThumbnailsAsync(EvaluationInput input, int[] items, CancellationToken cancellationToken)
    {
        Dictionary<int, byte[]?> thumbnails = [];
        DatasetItem[] wanted = [.. items.Select(item => input.Plan.Items[item])];
        await foreach (DatasetPicture picture in new DatasetReader(input.Files).ReadAsync(wanted, cancellationToken))
        {
            using (picture)
            {
                try
                {
                    thumbnails[items[picture.Index]] = picture.Failure is null ? Thumbnail.Create(picture.Bytes, ThumbnailSize, cancellationToken: cancellationToken) : null;
                }
                catch (ImageException)
                {
                    thumbnails[items[picture.Index]] = null;
                }
            }
        }

        return thumbnails;
    }
}
