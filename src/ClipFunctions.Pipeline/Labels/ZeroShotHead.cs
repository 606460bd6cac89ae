using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Pipeline.Labels;

/// <summary>Compares pictures with the prompts of a label set.</summary>
internal sealed class ZeroShotHead(LabelSet labelSet, ZeroShotClassifier classifier) : TaggingHead
{
    public override string Name => labelSet.Name;

    public override string Id => labelSet.Id;

    public override IReadOnlyList<string> Labels => labelSet.Labels;

    public override async Task<IReadOnlyList<LabelScore>> ScoreAsync(ClipModel model, ReadOnlyMemory<float> vector, int count, CancellationToken cancellationToken) =>
        (await classifier.ClassifyAsync(model, new EmbeddingMatrix(vector.ToArray(), 1, vector.Length), labelSet, count, cancellationToken))[0];

    internal override Task PrepareAsync(ClipModel model, CancellationToken cancellationToken) => classifier.GetLabelVectorsAsync(model, labelSet, cancellationToken);
}
