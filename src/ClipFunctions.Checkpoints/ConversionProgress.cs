namespace ClipFunctions.Checkpoints;

/// <summary>How far a conversion has come.</summary>
/// <param name="Stage">What it does now.</param>
/// <param name="BytesDone">Bytes of weights written.</param>
/// <param name="BytesTotal">Bytes of weights to write.</param>
public readonly record struct ConversionProgress(string Stage, long BytesDone, long BytesTotal);
