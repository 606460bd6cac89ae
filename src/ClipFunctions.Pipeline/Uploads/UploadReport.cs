namespace ClipFunctions.Pipeline.Uploads;

/// <summary>What came of an event.</summary>
/// <param name="Outcome">What was done.</param>
/// <param name="Result">The record that now stands for the upload; absent where the blob is gone, superseded or unreachable.</param>
public sealed record UploadReport(UploadOutcome Outcome, UploadResult? Result);
