namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>What a vision graph takes.</summary>
internal enum VisionInput
{
    /// <summary>Pixels as bytes, <c>[n, size, size, 3]</c>; normalised inside.</summary>
    Bytes,

    /// <summary>Normalised floats, <c>[n, 3, size, size]</c>: the reference's own tensors.</summary>
    NormalisedFloats,
}
