namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>How vectors are sent.</summary>
internal enum VectorFormat
{
    /// <summary>JSON with numbers.</summary>
    Json,

    /// <summary>JSON with base64 of little-endian float32.</summary>
    JsonBase64,

    /// <summary>NumPy's <c>.npy</c>, float32 <c>[n, dimension]</c>.</summary>
    Npy,

    /// <summary>Little-endian float32, row after row.</summary>
    Raw,
}
