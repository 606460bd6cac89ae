namespace ClipFunctions.Probe.Reports;

/// <summary>The label set of a zero-shot run.</summary>
public sealed record ReportLabels
{
    /// <summary>The label set's name.</summary>
    public required string Name { get; init; }

    /// <summary>What stands for each class in a prompt, <c>[k]</c>, in the order of <see cref="ReportDataset.Classes"/>.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>The prompts, with <c>{}</c> where the label goes; several are averaged.</summary>
    public required IReadOnlyList<string> Templates { get; init; }
}
