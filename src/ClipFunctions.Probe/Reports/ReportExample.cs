namespace ClipFunctions.Probe.Reports;

/// <summary>A test picture and what was made of it.</summary>
public sealed record ReportExample
{
    /// <summary>The picture's name in the data set.</summary>
    public required string Name { get; init; }

    /// <summary>The name of its class.</summary>
    public required string Actual { get; init; }

    /// <summary>The name of the class that was predicted.</summary>
    public required string Predicted { get; init; }

    /// <summary>The probability of the predicted class, 0–1.</summary>
    public required double Probability { get; init; }

    /// <summary>A small JPEG of the picture, or null. It stands in the JSON and in the HTML as it is: keep it to a few kilobytes.</summary>
    public byte[]? Thumbnail { get; init; }
}
