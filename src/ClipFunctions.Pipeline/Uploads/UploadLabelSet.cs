namespace ClipFunctions.Pipeline.Uploads;

/// <summary>The label set behind a record.</summary>
/// <param name="Name">Its name, for people.</param>
/// <param name="Id">Hash of its labels and templates.</param>
public sealed record UploadLabelSet(string Name, string Id);
