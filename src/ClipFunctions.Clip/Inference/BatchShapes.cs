namespace ClipFunctions.Clip.Inference;

/// <summary>Which shapes of batches a session gets to see.</summary>
public enum BatchShapes
{
    /// <summary><see cref="Buckets"/> on a GPU, <see cref="Exact"/> on the CPU.</summary>
    Auto,

    /// <summary>Each batch as it is.</summary>
    Exact,

    /// <summary>
    /// Rows filled up to the next power of two, texts to a multiple of eight tokens: few shapes, for each of which buffers and the choice of algorithms
    /// are made once. What is filled up changes no other row.
    /// </summary>
    Buckets,
}
