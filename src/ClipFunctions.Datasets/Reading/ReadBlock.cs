using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Reading;

/// <summary>Items that are read together: neighbours in one file, in the order of their places; or one that is too large to be read.</summary>
internal sealed class ReadBlock
{
    /// <summary>A gap costs less than a request up to this.</summary>
    private const long MaxGap = 1 << 16;

    private readonly List<DatasetItem> _items = [];

    private ReadBlock(int first, in DatasetItem item, bool isTooLarge)
    {
        First = first;
        File = item.File;
        InGzip = item.InGzip;
        Start = End = item.Offset;
        IsTooLarge = isTooLarge;
        Append(item);
    }

    public int First { get; }

    public IReadOnlyList<DatasetItem> Items => _items;

    public DatasetFile File { get; }

    public bool InGzip { get; }

    public bool IsTooLarge { get; }

    public long Start { get; }

    public long End { get; private set; }

    /// <summary>Bytes that its pictures take.</summary>
    public long Bytes { get; private set; }

    /// <summary>Puts items into blocks, in their order.</summary>
    public static IEnumerable<ReadBlock> Of(IEnumerable<DatasetItem> items, DatasetReaderOptions options)
    {
        ReadBlock? block = null;
        int index = 0;
        foreach (DatasetItem item in items)
        {
            bool isTooLarge = item.Length > options.MaxPictureBytes;
            if (block is not null && !isTooLarge && block.Takes(item, options))
            {
                block.Append(item);
            }
            else
            {
                if (block is not null)
                {
                    yield return block;
                }

                block = new ReadBlock(index, item, isTooLarge);
            }

            index++;
        }

        if (block is not null)
        {
            yield return block;
        }
    }

    private bool Takes(in DatasetItem item, DatasetReaderOptions options) =>
        !IsTooLarge
        && item.Offset >= End
        && Bytes + item.Length <= options.MaxReadBytes
        && (item.InGzip || item.Offset - End <= MaxGap)
        && item.InGzip == InGzip
        && (ReferenceEquals(item.File, File) || item.File == File);

    private void Append(in DatasetItem item)
    {
        _items.Add(item);
        End = item.Offset + item.Length;
        Bytes += IsTooLarge ? 0 : item.Length;
    }
}
