using ClipFunctions.Clip.Bundles;
using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.Pipeline.Tests.Uploads;

public sealed class UploadTagsTests
{
    [Fact]
    public void TellsStateModelAndBestLabels()
    {
        Dictionary<string, string> tags = UploadTags.For(Result("demo", "cat", "red bus", "pizza", "dog"), 3, []);

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["clip_state"] = "tagged",
                ["clip_model"] = "demo",
                ["clip_1"] = "cat",
                ["clip_2"] = "red-bus",
                ["clip_3"] = "pizza",
            },
            tags);
    }

    [Fact]
    public void KeepsForeignTagsAndReplacesItsOwn()
    {
        Dictionary<string, string> tags = UploadTags.For(
            Result("demo", "cat"),
            3,
            new Dictionary<string, string> { ["album"] = "holiday", ["clip_3"] = "stale" });

        Assert.Equal("holiday", tags["album"]);
        Assert.DoesNotContain("clip_3", tags.Keys);
    }

    [Fact]
    public void NeverExceedsTenTagsAndKeepsTheMostTelling()
    {
        Dictionary<string, string> present = Enumerable.Range(0, 8).ToDictionary(i => $"own{i}", i => "x");
        Dictionary<string, string> tags = UploadTags.For(Result("demo", "cat", "dog", "bus"), 3, present);

        Assert.Equal(UploadTags.MaxTags, tags.Count);
        Assert.Equal("tagged", tags[UploadTags.State]);
        Assert.Equal("cat", tags["clip_1"]);
    }

    [Fact]
    public void ReplacesWhatTagsForbidInModelIds() =>
        Assert.Equal("ViT-L/14-336px", UploadTags.For(Result("ViT-L/14@336px", "cat"), 1, [])[UploadTags.Model]);

    private static UploadResult Result(string model, params string[] labels) => new()
    {
        State = UploadState.Tagged,
        Source = new UploadSource("uploads", "a.jpg", "\"0x1\"", 1, null),
        Model = new UploadModel(model, "f", ModelPrecision.Fp32, "cpu"),
        LabelSet = new UploadLabelSet("s", "1"),
        Labels = [.. labels.Select((label, index) => new UploadLabel(label, index, 0.5f, 1))],
        Timings = new UploadTimings(0, 0, 0, 0, 0),
        Time = DateTimeOffset.UnixEpoch,
    };
}
