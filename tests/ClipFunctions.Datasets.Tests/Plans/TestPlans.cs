using ClipFunctions.Datasets.Plans;
using CsCheck;

namespace ClipFunctions.Datasets.Tests.Plans;

/// <summary>Plans for tests.</summary>
internal static class TestPlans
{
    /// <summary>Paths of pictures in a few splits and classes.</summary>
    public static readonly Gen<string[]> Paths = Gen.Select(
            Gen.OneOf("train", "val", "test", "Train"),
            Gen.OneOf("cat", "dog", "Dog", "ü", "a-b", "a"),
            Gen.Int[0, 30],
            Gen.OneOf("jpg", "png", "txt", "JPG"),
            (split, name, i, extension) => $"{split}/{name}/{i}.{extension}")
        .Array[2, 60].Select(paths => paths.Distinct(StringComparer.Ordinal).Concat(["train/cat/x.jpg", "train/dog/x.jpg"]).ToArray());

    /// <summary>A folder's plan with so many loose pictures in train and test.</summary>
    public static Task<DatasetPlan> LooseAsync(int train, int test) =>
        MemoryFiles.Named(
        [
            .. Enumerable.Range(0, train).Select(i => $"train/{(i % 3 == 0 ? "cat" : "dog")}/{i:D6}.jpg"),
            .. Enumerable.Range(0, test).Select(i => $"test/{(i % 2 == 0 ? "cat" : "dog")}/{i:D6}.jpg"),
        ]).PlanAsync();
}
