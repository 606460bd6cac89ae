using System.Text.Json.Serialization;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Plans;

/// <summary>An item's line in a plan's file; what is left out is as for a file that is a picture.</summary>
internal sealed record PlanItemLine
{
    public required DatasetSplit Split { get; init; }

    public required int Label { get; init; }

    public required string Name { get; init; }

    /// <summary>The file's name, if it is not the item's.</summary>
    public string? File { get; init; }

    public required long Size { get; init; }

    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    public long? Offset { get; init; }

    /// <summary>The item's length, if it is not the file's.</summary>
    public long? Length { get; init; }

    public DatasetEncoding? Encoding { get; init; }

    public bool? Gzip { get; init; }

    public static PlanItemLine Of(in DatasetItem item) => new()
    {
        Split = item.Split,
        Label = item.Label,
        Name = item.Name,
        File = item.File.Name == item.Name ? null : item.File.Name,
        Size = item.File.Size,
        ETag = item.File.ETag,
        Offset = item.Offset == 0 ? null : item.Offset,
        Length = item.Length == item.File.Size ? null : item.Length,
        Encoding = item.Encoding == DatasetEncoding.Picture ? null : item.Encoding,
        Gzip = item.InGzip ? true : null,
    };

    /// <summary>The item.</summary>
    /// <param name="before">The file of the line before, which is taken again if it is the same.</param>
    public DatasetItem ToItem(DatasetFile? before)
    {
        string file = File ?? Name;
        return new DatasetItem
        {
            Split = Split,
            Label = Label,
            Name = Name,
            File = before is not null && before.Name == file && before.Size == Size && before.ETag == ETag ? before : new DatasetFile(file, Size, ETag),
            Offset = Offset ?? 0,
            Length = Length ?? Size,
            Encoding = Encoding ?? DatasetEncoding.Picture,
            InGzip = Gzip ?? false,
        };
    }
}
