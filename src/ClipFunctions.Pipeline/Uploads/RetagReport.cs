namespace ClipFunctions.Pipeline.Uploads;

/// <summary>What came of going over the uploads.</summary>
/// <param name="Model">The model's id.</param>
/// <param name="Fingerprint">Its fingerprint.</param>
/// <param name="LabelSet">The label set's name.</param>
/// <param name="Seen">Uploads looked at.</param>
/// <param name="UpToDate">Those that had this model's record and their tags: left alone.</param>
/// <param name="Reasons">Why the others were not, and how many of each: <c>NoRecord</c>, <c>OtherModel</c>, <c>OtherLabels</c>, <c>OtherVersion</c>, <c>TagsMissing</c>, <c>Forced</c>.</param>
/// <param name="Outcomes">What became of those; empty after a dry run.</param>
/// <param name="Faults">How many could not be done.</param>
/// <param name="FirstFaults">The first of them.</param>
public sealed record RetagReport(
    string Model,
    string Fingerprint,
    string LabelSet,
    long Seen,
    long UpToDate,
    IReadOnlyDictionary<string, long> Reasons,
    IReadOnlyDictionary<UploadOutcome, long> Outcomes,
    long Faults,
    IReadOnlyList<RetagFault> FirstFaults);
