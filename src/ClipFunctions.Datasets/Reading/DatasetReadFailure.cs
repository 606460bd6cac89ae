namespace ClipFunctions.Datasets.Reading;

/// <summary>An item's bytes could not be read, and would not be on another try.</summary>
/// <param name="Reason">Why, for programs.</param>
/// <param name="Message">Why, for people.</param>
public sealed record DatasetReadFailure(DatasetReadReason Reason, string Message);
