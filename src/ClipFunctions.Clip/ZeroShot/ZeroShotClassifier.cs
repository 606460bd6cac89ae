using System.Numerics.Tensors;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Clip.ZeroShot;

/// <summary>
/// Tells pictures apart by words, without training: the labels' vectors are prompt ensembles as in openai/CLIP's notebook (each
/// template's vector normalised, averaged, normalised again) and are kept for each model's fingerprint and label set. Thread-safe; one for
/// all models is enough.
/// </summary>
/// <param name="options">How it works; the stated defaults if null.</param>
public sealed class ZeroShotClassifier(ZeroShotOptions? options = null)
{
    private readonly ZeroShotOptions _options = options ?? new ZeroShotOptions();
    private readonly SingleFlightCache<(string Fingerprint, string LabelSet), EmbeddingMatrix> _vectors = new(
        (options ?? new ZeroShotOptions()).CacheCapacity,
        (long)(options ?? new ZeroShotOptions()).CacheMegabytes << 20,
        static vectors => (long)vectors.Count * vectors.Dimension * sizeof(float));

    internal int CachedLabelSets => _vectors.Count;

    /// <summary>The labels' vectors, <c>[labels, dimension]</c>, normalised. Computed once for each model and label set, however many ask.</summary>
    /// <param name="model">The model; it must not be disposed before the task ends.</param>
    /// <param name="labelSet">The labels and templates.</param>
    /// <param name="cancellationToken">Stops waiting; the computation itself stops when nobody waits for it.</param>
    /// <exception cref="TextTooLongException">A prompt has more tokens than the model's context and is not to be cut; its index is the label's times the number of templates, plus the template's.</exception>
    public Task<EmbeddingMatrix> GetLabelVectorsAsync(ClipModel model, LabelSet labelSet, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(labelSet);
        return _vectors.GetAsync((model.Fingerprint, labelSet.Id), token => Encode(model, labelSet, token), cancellationToken);
    }

    /// <summary>The best labels of each picture.</summary>
    /// <param name="model">The model that <paramref name="embeddings"/> are from.</param>
    /// <param name="embeddings">The pictures' vectors; their lengths do not matter.</param>
    /// <param name="labelSet">The labels and templates.</param>
    /// <param name="topK">How many labels of each picture, 1 or more; no more than there are.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>For each picture its labels, best first; of equal ones the earlier in the set first.</returns>
    /// <exception cref="ArgumentException">The vectors are not of the model's dimension.</exception>
    /// <exception cref="TextTooLongException">A prompt has more tokens than the model's context and is not to be cut; its index is the label's times the number of templates, plus the template's.</exception>
    public async Task<IReadOnlyList<IReadOnlyList<LabelScore>>> ClassifyAsync(ClipModel model, EmbeddingMatrix embeddings, LabelSet labelSet, int topK = 5, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(labelSet);
        ArgumentOutOfRangeException.ThrowIfLessThan(topK, 1);
        EmbeddingMatrix vectors = await GetLabelVectorsAsync(model, labelSet, cancellationToken).ConfigureAwait(false);
        return Rank(model.Manifest.Scoring, embeddings, vectors, labelSet, topK, cancellationToken);
    }

    internal static IReadOnlyList<IReadOnlyList<LabelScore>> Rank(ScoringRule scoring, EmbeddingMatrix embeddings, EmbeddingMatrix labelVectors, LabelSet labelSet, int topK, CancellationToken cancellationToken)
    {
        if (embeddings.Dimension != labelVectors.Dimension)
        {
            throw new ArgumentException($"The pictures' vectors have {embeddings.Dimension} numbers, the model's {labelVectors.Dimension}.", nameof(embeddings));
        }

        int count = labelVectors.Count;
        float[] vector = new float[embeddings.Dimension];
        float[] logits = new float[count];
        float[] probabilities = new float[count];
        LabelScore[][] results = new LabelScore[embeddings.Count][];
        for (int picture = 0; picture < results.Length; picture++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            EmbeddingMatrix.NormalizeRow(embeddings[picture], vector);
            for (int label = 0; label < count; label++)
            {
                logits[label] = (scoring.LogitScale * TensorPrimitives.Dot(vector, labelVectors[label])) + scoring.LogitBias;
            }

            if (scoring.Kind == ScoringKind.Sigmoid)
            {
                TensorPrimitives.Sigmoid(logits, probabilities);
            }
            else
            {
                Probabilities.Softmax(logits, probabilities);
            }

            results[picture] = [.. Best(logits, Math.Min(topK, count)).Select(label => new LabelScore(labelSet.Labels[label], label, probabilities[label], logits[label]))];
        }

        return results;
    }

    // The indexes of the largest logits, best first, the earlier of equal ones first.
    private static int[] Best(float[] logits, int k)
    {
        int[] best = new int[k];
        int found = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            if (found == k && !(logits[i] > logits[best[k - 1]]))
            {
                continue;
            }

            int at = found < k ? found++ : k - 1;
            for (; at > 0 && logits[i] > logits[best[at - 1]]; at--)
            {
                best[at] = best[at - 1];
            }

            best[at] = i;
        }

        return best;
    }

    private EmbeddingMatrix Encode(ClipModel model, LabelSet labelSet, CancellationToken cancellationToken)
    {
        int labels = labelSet.Labels.Count;
        int templates = labelSet.Templates.Count;
        int dimension = model.EmbeddingDimension;
        float[] vectors = new float[checked(labels * dimension)];
        List<string> prompts = new(Math.Min(_options.MaxPrompts, labels * templates));
        int encoded = 0;
        for (int label = 0; label < labels; label++)
        {
            for (int template = 0; template < templates; template++)
            {
                prompts.Add(labelSet.Prompt(template, label));
                if (prompts.Count == _options.MaxPrompts)
                {
                    Flush();
                }
            }
        }

        Flush();
        for (int label = 0; label < labels; label++)
        {
            Span<float> vector = vectors.AsSpan(label * dimension, dimension);
            TensorPrimitives.Divide(vector, templates, vector);
            EmbeddingMatrix.NormalizeRow(vector, vector);
        }

        return new EmbeddingMatrix(vectors, labels, dimension);

        void Flush()
        {
            EmbeddingMatrix batch;
            try
            {
                batch = model.EncodeText(prompts, _options.Truncate, cancellationToken).Normalize();
            }
            catch (TextTooLongException exception)
            {
                // Counted among all prompts, so that the label can be told.
                throw new TextTooLongException(prompts[exception.TextIndex], encoded + exception.TextIndex, exception.TokenCount, exception.ContextLength);
            }

            for (int i = 0; i < batch.Count; i++, encoded++)
            {
                Span<float> vector = vectors.AsSpan(encoded / templates * dimension, dimension);
                TensorPrimitives.Add(vector, batch[i], vector);
            }

            prompts.Clear();
        }
    }
}
