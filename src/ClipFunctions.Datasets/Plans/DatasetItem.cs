using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Plans;

/// <summary>One labelled picture and where its bytes are.</summary>
public readonly record struct DatasetItem
{
    /// <summary>What it is there for.</summary>
    public required DatasetSplit Split { get; init; }

    /// <summary>The index of its class in <see cref="DatasetPlan.Classes"/>.</summary>
    public required int Label { get; init; }

    /// <summary>
    /// What people call it: the file's name; in an archive the archive's, then the member's (<c>a.tar/cat/1.jpg</c>); a record of CIFAR by its number
    /// (<c>test_batch.bin#00042</c>).
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The version of the file that holds it.</summary>
    public required DatasetFile File { get; init; }

    /// <summary>Its first byte in the file, or in what the file decompresses to.</summary>
    public long Offset { get; init; }

    /// <summary>How many bytes it has in the file, or in what the file decompresses to.</summary>
    public required long Length { get; init; }

    /// <summary>What the bytes are.</summary>
    public DatasetEncoding Encoding { get; init; }

    /// <summary>Whether the file is gzipped; then the item is found only by decompressing all that stands before it.</summary>
    public bool InGzip { get; init; }
}
