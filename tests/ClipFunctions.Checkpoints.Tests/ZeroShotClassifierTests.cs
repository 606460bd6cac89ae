using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Checkpoints.Tests;

public sealed class ZeroShotClassifierTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ClipModel _model = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        SyntheticModel.Transformer().Save(_folder["source"]);
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(_folder["source"], _folder["bundle"], cancellationToken: Token);
        _model = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, Token);
    }

    public ValueTask DisposeAsync()
    {
        _model.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(2)]
    [InlineData(1)]
    public async Task ALabelsVectorIsTheNormalisedMeanOfItsNormalisedPrompts(int maxPrompts)
    {
        LabelSet labels = new("pets", ["cat", "dog", "eel"], ["a {}", "the {} t", "{}"]);
        EmbeddingMatrix vectors = await new ZeroShotClassifier(new ZeroShotOptions { MaxPrompts = maxPrompts }).GetLabelVectorsAsync(_model, labels, Token);
        for (int label = 0; label < 3; label++)
        {
            EmbeddingMatrix prompts = _model.EncodeText([.. Enumerable.Range(0, 3).Select(template => labels.Prompt(template, label))], cancellationToken: Token).Normalize();
            float[] mean = [.. Enumerable.Range(0, _model.EmbeddingDimension).Select(d => (prompts[0][d] + prompts[1][d] + prompts[2][d]) / 3)];
            GoldenModelTests.AssertClose(new EmbeddingMatrix(mean, 1, mean.Length).Normalize()[0], vectors[label], 1e-5);
        }
    }

    [Fact]
    public async Task ScoresAreOrderedAndSumToOneOverAllLabels()
    {
        LabelSet labels = new("pets", ["cat", "dog", "cat", "eel"], ["a {}"]);
        EmbeddingMatrix picture = _model.EncodeText(["a dog", "eel"], cancellationToken: Token);
        ZeroShotClassifier classifier = new();
        IReadOnlyList<IReadOnlyList<LabelScore>> all = await classifier.ClassifyAsync(_model, picture, labels, 10, Token);
        Assert.Equal(2, all.Count);
        foreach (IReadOnlyList<LabelScore> scores in all)
        {
            Assert.Equal(4, scores.Count);
            Assert.Equal(1, scores.Sum(score => score.Probability), 1e-5f);
            for (int i = 1; i < scores.Count; i++)
            {
                Assert.True(scores[i - 1].Logit > scores[i].Logit || (scores[i - 1].Logit == scores[i].Logit && scores[i - 1].Index < scores[i].Index));
            }
        }

        Assert.Equal("dog", all[0][0].Label);
        IReadOnlyList<LabelScore> top = (await classifier.ClassifyAsync(_model, picture, labels, 2, Token))[0];
        Assert.Equal(all[0].Take(2), top);
    }

    [Fact]
    public async Task ASigmoidModelScoresEachLabelForItself()
    {
        LabelSet labels = new("pets", ["cat", "dog"], ["a {}"]);
        EmbeddingMatrix vectors = await new ZeroShotClassifier().GetLabelVectorsAsync(_model, labels, Token);
        ScoringRule rule = new() { Kind = ScoringKind.Sigmoid, LogitScale = 10, LogitBias = -5 };
        LabelScore best = ZeroShotClassifier.Rank(rule, vectors, vectors, labels, 1, Token)[1][0];
        Assert.Equal(("dog", 1), (best.Label, best.Index));
        Assert.Equal(5, best.Logit, 1e-3f);
        Assert.Equal(1 / (1 + MathF.Exp(-5)), best.Probability, 1e-4f);
    }

    [Fact]
    public async Task ManyWhoAskAtOnceGetTheVectorsOfOneComputation()
    {
        ZeroShotClassifier classifier = new();
        LabelSet labels = new("pets", ["cat", "dog"], ["a {}"]);
        EmbeddingMatrix[] vectors = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => classifier.GetLabelVectorsAsync(_model, new LabelSet("other name", labels.Labels, labels.Templates), Token), Token)));
        Assert.All(vectors, matrix => Assert.Same(vectors[0], matrix));
        Assert.Equal(1, classifier.CachedLabelSets);
    }

    [Fact]
    public async Task AFailureIsNotKeptAndTheCacheIsBounded()
    {
        ZeroShotClassifier classifier = new(new ZeroShotOptions { CacheCapacity = 2 });
        LabelSet tooLong = new("long", [string.Concat(Enumerable.Repeat("dog ", 30))], ["{}"]);
        await Assert.ThrowsAsync<TextTooLongException>(() => classifier.GetLabelVectorsAsync(_model, tooLong, Token));
        Assert.Equal(0, classifier.CachedLabelSets);
        for (int i = 0; i < 5; i++)
        {
            await classifier.GetLabelVectorsAsync(_model, new LabelSet("n", [$"dog {i}"], ["{}"]), Token);
        }

        Assert.Equal(2, classifier.CachedLabelSets);
        Assert.Equal(1, (await new ZeroShotClassifier(new ZeroShotOptions { Truncate = true }).GetLabelVectorsAsync(_model, tooLong, Token)).Count);
    }

    [Fact]
    public async Task WhoGivesUpLeavesTheComputationToThoseWhoWait()
    {
        ZeroShotClassifier classifier = new();
        LabelSet labels = new("many", [.. Enumerable.Range(0, 3000).Select(i => $"dog {i}")], ["a {}"]);
        using CancellationTokenSource cancellation = new();
        Task<EmbeddingMatrix> first = classifier.GetLabelVectorsAsync(_model, labels, cancellation.Token);
        Task<EmbeddingMatrix> second = classifier.GetLabelVectorsAsync(_model, labels, Token);
        await cancellation.CancelAsync();
        Assert.Equal(3000, (await second).Count);
        Assert.True(first.IsCompleted);

        // And when all give up, nothing of it stays.
        LabelSet others = new("others", [.. Enumerable.Range(0, 3000).Select(i => $"cat {i}")], ["a {}"]);
        using CancellationTokenSource all = new();
        Task<EmbeddingMatrix> only = classifier.GetLabelVectorsAsync(_model, others, all.Token);
        await all.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);
        Assert.Equal(1, classifier.CachedLabelSets);
        Assert.Equal(3000, (await classifier.GetLabelVectorsAsync(_model, others, Token)).Count);
    }
}
