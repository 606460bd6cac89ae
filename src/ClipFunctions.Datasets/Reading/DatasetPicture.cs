using System.Buffers;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Reading;

/// <summary>An item with its bytes in a pooled buffer, or with the reason why there are none. Disposal gives the buffer back.</summary>
public sealed class DatasetPicture : IDisposable
{
    private readonly int _length;
    private byte[]? _buffer;

    internal DatasetPicture(int index, in DatasetItem item, byte[] buffer, int length)
    {
        Index = index;
        Item = item;
        _buffer = buffer;
        _length = length;
    }

    internal DatasetPicture(int index, in DatasetItem item, DatasetReadFailure failure)
    {
        Index = index;
        Item = item;
        Failure = failure;
    }

    /// <summary>Which of the items that were asked for it is, from 0.</summary>
    public int Index { get; }

    /// <summary>The item.</summary>
    public DatasetItem Item { get; }

    /// <summary>Why there are no bytes; null if there are.</summary>
    public DatasetReadFailure? Failure { get; }

    /// <summary>A picture file: the item's own, or a 24-bit BMP of a CIFAR record. Valid until disposal.</summary>
    /// <exception cref="InvalidOperationException">It could not be read (<see cref="Failure"/>), or has been disposed of.</exception>
    public ReadOnlyMemory<byte> Bytes => _buffer is { } buffer
        ? buffer.AsMemory(0, _length)
        : throw new InvalidOperationException(Failure?.Message ?? "The picture has been disposed of.");

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
