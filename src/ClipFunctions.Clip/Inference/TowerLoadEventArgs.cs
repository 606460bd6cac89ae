namespace ClipFunctions.Clip.Inference;

/// <summary>What a load of a tower is, or was.</summary>
public sealed class TowerLoadEventArgs : EventArgs
{
    /// <summary>The tower.</summary>
    public required ModelTowers Tower { get; init; }

    /// <summary>The memory that it takes, in bytes, as <see cref="ClipModel.MemoryBytes"/> counts it.</summary>
    public required long Bytes { get; init; }

    /// <summary>How long the load took; zero before it.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Where the graph came from; <see cref="GraphOrigin.Bundle"/> before the load.</summary>
    public GraphOrigin Origin { get; init; }

    /// <summary>Why the directory of optimised graphs could not be used as wanted (damage, no space left, no access); null where nothing was wrong.</summary>
    public string? OptimizedGraphFailure { get; init; }
}
