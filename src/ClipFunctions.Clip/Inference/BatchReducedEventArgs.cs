namespace ClipFunctions.Clip.Inference;

/// <summary>A tower ran out of memory and takes smaller batches from now on.</summary>
public sealed class BatchReducedEventArgs : EventArgs
{
    /// <summary>The tower.</summary>
    public required ModelTowers Tower { get; init; }

    /// <summary>Rows of the batch that did not fit.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows of that kind that are run at once from now on.</summary>
    public required int Most { get; init; }
}
