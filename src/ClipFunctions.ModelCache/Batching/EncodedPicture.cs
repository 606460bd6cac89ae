namespace ClipFunctions.ModelCaching.Batching;

/// <summary>A picture's vector, and what it took.</summary>
/// <param name="Vector"><c>[dimension]</c>, not normalised.</param>
/// <param name="Preprocess">Decoding, resizing and cropping, without waiting for a decoder.</param>
/// <param name="Encode">The batch's run, with the wait for it.</param>
public sealed record EncodedPicture(ReadOnlyMemory<float> Vector, TimeSpan Preprocess, TimeSpan Encode);
