namespace ClipFunctions.Datasets;

/// <summary>How far planning has come.</summary>
/// <param name="Stage"><c>listing</c> (counts files) or <c>scanning</c> (counts archives and manifests).</param>
/// <param name="Done">How many are done.</param>
/// <param name="Total">How many there are; null if not known yet.</param>
public readonly record struct DatasetProgress(string Stage, long Done, long? Total);
