namespace ClipFunctions.Probe.Reports;

/// <summary>The data set of an evaluation.</summary>
public sealed record ReportDataset
{
    /// <summary>A name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Identifies the data set and its content.</summary>
    public required string Id { get; init; }

    /// <summary>How it is stored, such as <c>folder</c> or <c>cifar</c>.</summary>
    public required string Format { get; init; }

    /// <summary>The names of the k classes, in the order of their indices.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Readable pictures of the train split that were used; 0 in a zero-shot run.</summary>
    public required int TrainCount { get; init; }

    /// <summary>Readable pictures of the validation split that were used; 0 if there is none.</summary>
    public required int ValidationCount { get; init; }

    /// <summary>Readable pictures in the test split.</summary>
    public required int TestCount { get; init; }

    /// <summary>The pictures that could not be read.</summary>
    public required ReportFaults Faults { get; init; }
}
