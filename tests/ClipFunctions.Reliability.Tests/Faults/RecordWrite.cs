namespace ClipFunctions.Reliability.Tests.Faults;

/// <summary>A write of a result record that storage took, or may have taken.</summary>
/// <param name="Upload">The upload's path, as the record tells it.</param>
/// <param name="SourceETag">The upload's version, as the record tells it.</param>
/// <param name="RecordETag">The record's new version; null if storage's answer never came, so that nobody knows.</param>
internal sealed record RecordWrite(string Upload, string SourceETag, string? RecordETag);
