using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Datasets.Reading;

namespace ClipFunctions.Datasets.Tests;

/// <summary>Short ways to plan and read.</summary>
internal static class Planning
{
    public static Task<DatasetPlan> PlanAsync(this IDatasetFiles files, DatasetFormat? format = null) =>
        DatasetPlanner.PlanAsync(files, new DatasetOptions { Format = format }, null, TestContext.Current.CancellationToken);

    public static async Task<string> FailureAsync(this IDatasetFiles files, DatasetFormat? format = null) =>
        (await Assert.ThrowsAsync<InvalidDatasetException>(() => files.PlanAsync(format))).Message;

    /// <summary>The items as lines: split, class, name.</summary>
    public static IEnumerable<string> Lines(this DatasetPlan plan) =>
        plan.Items.Select(item => $"{item.Split} {plan.Classes[item.Label]} {item.Name}");

    /// <summary>The faults as lines: reason, name.</summary>
    public static IEnumerable<string> FaultLines(this DatasetPlan plan) => plan.Faults.Listed.Select(fault => $"{fault.Reason} {fault.Name}");

    /// <summary>The bytes of items, or the reasons why there are none.</summary>
    public static async Task<List<(byte[]? Bytes, DatasetReadReason? Failure)>> ReadAllAsync(
        this IDatasetFiles files,
        IEnumerable<DatasetItem> items,
        DatasetReaderOptions? options = null)
    {
        List<(byte[]?, DatasetReadReason?)> all = [];
        await foreach (DatasetPicture picture in new DatasetReader(files, options).ReadAsync(items, TestContext.Current.CancellationToken))
        {
            using (picture)
            {
                Assert.Equal(all.Count, picture.Index);
                all.Add(picture.Failure is null ? (picture.Bytes.ToArray(), null) : (null, picture.Failure.Reason));
            }
        }

        return all;
    }
}
