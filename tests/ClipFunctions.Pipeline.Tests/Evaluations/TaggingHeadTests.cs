using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Labels;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Testing;
using SkiaSharp;

namespace ClipFunctions.Pipeline.Tests.Evaluations;

public sealed class TaggingHeadTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ARunsClassifierTagsUploads()
    {
        string containers = $"t{Guid.NewGuid():n}";
        byte[] classifier = await TrainAsync(containers);

        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite, containers, ("Clip:Head", "pets"));
        byte[] picture = DrawnPictures.Encode("elephant", 2, 77, 96, SKEncodedImageFormat.Jpeg);
        UploadReport report = await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", picture));

        UploadResult result = report.Result!;
        Assert.Equal(("pets", "elephant"), (result.LabelSet.Name, result.Labels[0].Label));
        Assert.Equal("elephant", (await pipeline.TagsAsync("a.jpg"))["clip_1"]);
        Assert.Equal(TestDatasets.SampledClasses.Count, result.Labels.Count);
        Assert.Equal(1, result.Labels.Sum(label => label.Probability), 1e-5);

        // The same numbers as whoever loads the file gets.
        using ModelLease lease = await pipeline.Models.LeaseAsync("demo", Token);
        LinearClassifier loaded = LinearClassifier.Load(new MemoryStream(classifier));
        EmbeddingMatrix vector = lease.Model.EncodeImage([picture], Token);
        ReadOnlySpan<float> expected = loaded.PredictProbability(FeatureMatrix.FromMemory(vector.Values, 1, vector.Dimension))[0];
        foreach (UploadLabel label in result.Labels)
        {
            Assert.Equal(loaded.Classes[label.Index], label.Label);
            Assert.Equal(expected[label.Index], label.Probability, 1e-4f);
        }

        Assert.Equal(UploadOutcome.AlreadyDone, (await pipeline.TagAsync(new UploadEvent("a.jpg", null))).Outcome);
    }

    [Fact]
    public async Task AClassifierFileTagsUploads()
    {
        string containers = $"t{Guid.NewGuid():n}";
        using TemporaryFile file = new(await TrainAsync(containers), ".npz");

        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite, containers, ("Clip:Head", file.Path), ("Clip:TopK", "1"));
        UploadReport report = await pipeline.TagAsync(await pipeline.UploadAsync("a.png", DrawnPictures.Encode("rocket", 3, 78, 96, SKEncodedImageFormat.Png)));

        Assert.Equal("rocket", report.Result!.Labels[0].Label);
    }

    [Fact]
    public async Task AnotherHeadIsOtherWork()
    {
        string containers = $"t{Guid.NewGuid():n}";
        await TrainAsync(containers);
        await using TestPipeline labels = await TestPipeline.CreateAsync(azurite, containers);
        UploadEvent upload = await labels.UploadAsync("a.jpg", TestPictures.Jpeg(1));
        await labels.TagAsync(upload);

        await using TestPipeline head = await TestPipeline.CreateAsync(azurite, containers, ("Clip:Head", "pets"));

        Assert.Equal(UploadOutcome.Tagged, (await head.TagAsync(upload)).Outcome);
    }

    [Theory]
    [InlineData("no-such-run", "no finished linear probe")]
    [InlineData("../escape", "no finished linear probe")]
    [InlineData("/no/such/file.npz", "/no/such/file.npz")]
    public async Task AHeadThatIsNotThereIsTold(string head, string told)
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite, null, ("Clip:Head", head));
        using ModelLease lease = await pipeline.Models.LeaseAsync("demo", Token);

        InvalidSettingException exception = await Assert.ThrowsAsync<InvalidSettingException>(async () => await pipeline.Get<TaggingHeads>().ForAsync(lease.Model, Token));

        Assert.Equal("Clip:Head", exception.Setting);
        Assert.Contains(told, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 256, "fingerprint")]
    [InlineData(false, 7, "takes vectors of 7 numbers")]
    public async Task AClassifierOfAnotherModelIsTold(bool named, int dimension, string told)
    {
        LinearClassifier classifier = LinearClassifier.Create(new double[dimension], [0], ["a", "b"]);
        classifier = named ? classifier.WithFeatureSource(new string('a', 64)) : classifier;
        using MemoryStream bytes = new();
        classifier.Save(bytes);
        using TemporaryFile file = new(bytes.ToArray(), ".npz");
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite, null, ("Clip:Head", file.Path));
        using ModelLease lease = await pipeline.Models.LeaseAsync("demo", Token);

        InvalidSettingException exception = await Assert.ThrowsAsync<InvalidSettingException>(async () => await pipeline.Get<TaggingHeads>().ForAsync(lease.Model, Token));

        Assert.Contains(told, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADamagedClassifierIsTold()
    {
        using TemporaryFile file = new([1, 2, 3], ".npz");
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite, null, ("Clip:Head", file.Path));
        using ModelLease lease = await pipeline.Models.LeaseAsync("demo", Token);

        await Assert.ThrowsAsync<InvalidSettingException>(async () => await pipeline.Get<TaggingHeads>().ForAsync(lease.Model, Token));
    }

    private async Task<byte[]> TrainAsync(string containers)
    {
        EvaluationHarness harness = new(await TestPipeline.CreateAsync(azurite, containers));
        await using TestPipeline pipeline = harness.Pipeline;
        foreach ((string name, byte[] content) in TestDatasets.Folder(TestDatasets.SampledClasses, 12, 3))
        {
            await harness.Datasets.GetBlobClient("drawn/" + name).UploadAsync(new BinaryData(content), Token);
        }

        EvaluationStatus status = await harness.RunAsync("""{"runId":"pets","dataset":"drawn","C":1}""");
        Assert.Equal((EvaluationState.Done, null), (status.State, status.Failure?.Message));
        return (await pipeline.Get<EvaluationStore>().ReadFileAsync("pets", EvaluationFitter.ClassifierFile, Token))!.ToArray();
    }
}
