namespace ClipFunctions.Pipeline.Uploads;

/// <summary>How long the steps of one upload took, in milliseconds; 0 for steps that were not needed.</summary>
/// <param name="DownloadMs">Reading the blob.</param>
/// <param name="PreprocessMs">Decoding, resizing and cropping.</param>
/// <param name="EncodeMs">The image tower, with the wait for its batch.</param>
/// <param name="ClassifyMs">Scoring the labels.</param>
/// <param name="TotalMs">From the event to the record, without the writes that follow it.</param>
public sealed record UploadTimings(double DownloadMs, double PreprocessMs, double EncodeMs, double ClassifyMs, double TotalMs);
