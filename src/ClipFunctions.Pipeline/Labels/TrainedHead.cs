using System.Numerics.Tensors;
using System.Security.Cryptography;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Probe.Classifying;

namespace ClipFunctions.Pipeline.Labels;

/// <summary>A fitted classifier, as a linear probe leaves it. A label's logit is the classifier's score.</summary>
internal sealed class TrainedHead : TaggingHead
{
    private readonly LinearClassifier _classifier;

    /// <summary>Reads a <c>classifier.npz</c>.</summary>
    /// <param name="name">Its name, for people.</param>
    /// <param name="file">Its bytes.</param>
    /// <exception cref="InvalidDataException">It is no such file.</exception>
    public TrainedHead(string name, BinaryData file)
    {
        using Stream stream = file.ToStream();
        (Name, _classifier, Id) = (name, LinearClassifier.Load(stream), "head-" + Convert.ToHexStringLower(SHA256.HashData(file)));
    }

    public override string Name { get; }

    public override string Id { get; }

    public override IReadOnlyList<string> Labels => _classifier.Classes;

    /// <exception cref="InvalidSettingException">The classifier was fitted on another model's vectors.</exception>
    public void Check(ClipModel model)
    {
        string? problem = _classifier.FeatureSource is { } source && source != model.Fingerprint
            ? $"was fitted on vectors of a model with the fingerprint {source}, but Clip:Model '{model.Manifest.Id}' has {model.Fingerprint}"
            : _classifier.Dimension != model.EmbeddingDimension
                ? $"takes vectors of {_classifier.Dimension} numbers, but Clip:Model '{model.Manifest.Id}' gives {model.EmbeddingDimension}"
                : null;
        if (problem is not null)
        {
            throw new InvalidSettingException("Clip:Head", $"Setting 'Clip:Head': the classifier {Name} {problem}. Set Clip:Model (and Clip:Precision) to the model it was fitted with, or fit another one.");
        }
    }

    public override Task<IReadOnlyList<LabelScore>> ScoreAsync(ClipModel model, ReadOnlyMemory<float> vector, int count, CancellationToken cancellationToken)
    {
        float[] scores = new float[Labels.Count];
        float[] probabilities = new float[Labels.Count];
        _classifier.Scores(vector.Span, scores);
        TensorPrimitives.SoftMax(scores, probabilities);
        IReadOnlyList<LabelScore> best =
        [
            .. Enumerable.Range(0, scores.Length)
                .OrderByDescending(index => scores[index])
                .Take(count)
                .Select(index => new LabelScore(Labels[index], index, probabilities[index], scores[index])),
        ];
        return Task.FromResult(best);
    }
}
