namespace ClipFunctions.Pipeline.Uploads;

/// <summary>Where an upload's embedding stands.</summary>
/// <param name="Container">Its container.</param>
/// <param name="Name">Its path: a <c>.npy</c> file, float32, shape <c>[dimension]</c>, not normalised.</param>
/// <param name="ETag">The version that belongs to this record.</param>
/// <param name="Dimension">The vector's length.</param>
public sealed record UploadEmbedding(string Container, string Name, string ETag, int Dimension);
