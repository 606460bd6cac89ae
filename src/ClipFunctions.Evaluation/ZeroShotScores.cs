using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Probe.Features;

namespace ClipFunctions.Evaluation;

/// <summary>Probabilities of classes without training.</summary>
internal static class ZeroShotScores
{
    private const int PicturesAtATime = 1024;

    /// <summary>The probability of each class for each picture, <c>[n, k]</c>, by the model's scoring rule.</summary>
    public static async Task<float[]> ComputeAsync(ClipModel model, FeatureMatrix pictures, ClassLabels labels, CancellationToken cancellationToken)
    {
        LabelSet set = new(labels.Name, labels.Labels, labels.Templates);
        EmbeddingMatrix vectors = await new ZeroShotClassifier().GetLabelVectorsAsync(model, set, cancellationToken);
        int classes = vectors.Count;
        float[] probabilities = new float[checked(pictures.Count * classes)];
        for (int first = 0; first < pictures.Count; first += PicturesAtATime)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(PicturesAtATime, pictures.Count - first);
            float[] piece = new float[count * pictures.Dimension];
            pictures.CopyRows(first, piece);
            LogitMatrix logits = model.Score(new EmbeddingMatrix(piece, count, pictures.Dimension), vectors).LogitsPerImage;
            LogitMatrix scores = model.Manifest.Scoring.Kind == ScoringKind.Sigmoid ? logits.Sigmoid() : logits.Softmax();
            scores.Values.Span.CopyTo(probabilities.AsSpan(first * classes));
        }

        return probabilities;
    }
}
