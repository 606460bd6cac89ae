using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;

namespace ClipFunctions.ModelCaching;

/// <summary>A model in memory, as it was when asked.</summary>
public sealed record LoadedModel
{
    /// <summary>The bundle's id.</summary>
    public required string Id { get; init; }

    /// <summary>The arithmetic of its graphs.</summary>
    public required ModelPrecision Precision { get; init; }

    /// <summary>The bundle's fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The device that it runs on.</summary>
    public required ModelDevice Device { get; init; }

    /// <summary>The towers that are loaded.</summary>
    public required ModelTowers Towers { get; init; }

    /// <summary>The memory that it is counted with, in bytes (<see cref="ClipModel.MemoryBytes"/>).</summary>
    public required long Bytes { get; init; }

    /// <summary>Leases not given back yet.</summary>
    public required int Leases { get; init; }

    /// <summary>When a lease was last taken or given back.</summary>
    public required DateTimeOffset LastUse { get; init; }
}
