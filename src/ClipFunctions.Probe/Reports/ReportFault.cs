namespace ClipFunctions.Probe.Reports;

/// <summary>A picture that could not be read.</summary>
public sealed record ReportFault
{
    /// <summary>The picture's name in the data set.</summary>
    public required string Name { get; init; }

    /// <summary>The kind of fault, such as <c>Corrupt</c> or <c>TooManyPixels</c>.</summary>
    public required string Reason { get; init; }

    /// <summary>A sentence that tells more.</summary>
    public required string Message { get; init; }
}
