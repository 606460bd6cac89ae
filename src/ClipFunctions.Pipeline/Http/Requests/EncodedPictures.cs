using ClipFunctions.Clip.Inference;
using ClipFunctions.Pipeline.Http.Problems;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>The vectors of a request's pictures.</summary>
/// <param name="Vectors">For each picture; null if it has none.</param>
/// <param name="Faults">Why some have none.</param>
internal sealed record EncodedPictures(IReadOnlyList<ReadOnlyMemory<float>?> Vectors, IReadOnlyList<PictureError> Faults)
{
    /// <summary>The vectors that there are, in order.</summary>
    public EmbeddingMatrix ToMatrix(int dimension)
    {
        ReadOnlyMemory<float>[] rows = [.. Vectors.OfType<ReadOnlyMemory<float>>()];
        float[] values = new float[rows.Length * dimension];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i].Span.CopyTo(values.AsSpan(i * dimension));
        }

        return new EmbeddingMatrix(values, rows.Length, dimension);
    }
}
