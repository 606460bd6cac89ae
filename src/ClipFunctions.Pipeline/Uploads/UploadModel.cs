using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>The model behind a record. Vectors of different fingerprints are never compared.</summary>
/// <param name="Id">The model's id, for example <c>demo</c>.</param>
/// <param name="Fingerprint">SHA-256 over the bundle's meaning and files.</param>
/// <param name="Precision"><c>fp32</c>, <c>fp16</c> or <c>int8</c>.</param>
/// <param name="Device">The device that ran it, for example <c>cpu</c>.</param>
public sealed record UploadModel(string Id, string Fingerprint, ModelPrecision Precision, string Device);
