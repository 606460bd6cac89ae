namespace ClipFunctions.Clip.Inference;

/// <summary>What the embedding generators of a <see cref="ClipModel"/> give.</summary>
public sealed record ClipEmbeddingOptions
{
    /// <summary>Whether vectors are divided by their lengths; true by default, because callers of the contract compare by dot product.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>Whether a text beyond the model's context is cut; true by default, as other generators do; the reference would throw.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>Whether disposing of the generator disposes of the model; false by default.</summary>
    public bool OwnsModel { get; init; }
}
