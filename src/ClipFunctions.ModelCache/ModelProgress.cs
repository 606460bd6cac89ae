namespace ClipFunctions.ModelCaching;

/// <summary>How far the fetching of a model has come.</summary>
/// <param name="Stage">What is done now: <c>downloading</c>, <c>verifying</c>, <c>converting</c>, <c>waiting</c> (for another process), <c>uploading</c>.</param>
/// <param name="Item">The file, or null.</param>
/// <param name="BytesDone">Bytes of this stage and file done.</param>
/// <param name="BytesTotal">Bytes to do; 0 if not known.</param>
public readonly record struct ModelProgress(string Stage, string? Item, long BytesDone, long BytesTotal);
