namespace ClipFunctions.Probe.Reports;

/// <summary>The model whose vectors were used.</summary>
public sealed record ReportModel
{
    /// <summary>The model's id, such as <c>ViT-B/32</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The bundle's fingerprint, in hexadecimal.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The precision of the weights: <c>fp32</c>, <c>fp16</c> or <c>int8</c>.</summary>
    public required string Precision { get; init; }

    /// <summary>The device that ran it, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>The length of a picture's vector.</summary>
    public required int Dimension { get; init; }
}
