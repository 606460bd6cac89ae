namespace ClipFunctions.Datasets.Formats;

/// <summary>A line of a manifest.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Path">The picture's path as it is written.</param>
/// <param name="Label">The label; empty if there is none.</param>
/// <param name="Split">The split's name; null if the manifest has no splits.</param>
/// <param name="Problem">Why the line cannot be read; null if it can.</param>
internal readonly record struct ManifestRow(long Number, string Path, string Label, string? Split, string? Problem);
