using ClipFunctions.Datasets.Archives;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Formats;

/// <summary>What was found in a tar.</summary>
internal sealed class TarContents(int maxListedFaults)
{
    /// <summary>Members with a picture's extension.</summary>
    public List<TarMember> Pictures { get; } = [];

    /// <summary>Labels by webdataset's keys.</summary>
    public Dictionary<string, TarLabel> Labels { get; } = new(StringComparer.Ordinal);

    /// <summary>CIFAR's files.</summary>
    public CifarForm Cifar { get; } = new();

    /// <summary>What is no item.</summary>
    public FaultCollector Faults { get; } = new(maxListedFaults);

    /// <summary>Whether the archive is gzipped.</summary>
    public bool IsGzip { get; set; }
}
