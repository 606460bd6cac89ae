using System.Buffers;
using ClipFunctions.Datasets.Archives;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Reading;

/// <summary>The part of a file that a block takes.</summary>
internal sealed class PlainBytes : IItemBytes
{
    private readonly Stream _stream;
    private long _position;

    private PlainBytes(Stream stream, long position)
    {
        _stream = stream;
        _position = position;
    }

    /// <summary>Opens a block's part of its file.</summary>
    /// <exception cref="BrokenArchiveException">The file has no such part.</exception>
    /// <exception cref="DatasetFileChangedException">It is another version.</exception>
    public static async Task<PlainBytes> OpenAsync(IDatasetFiles files, ReadBlock block, CancellationToken cancellationToken) =>
        block.End <= block.File.Size
            ? new PlainBytes(await files.OpenAsync(block.File, block.Start, block.End - block.Start, cancellationToken), block.Start)
            : throw new BrokenArchiveException(isTruncated: true, "It ends before the place that the plan names.");

    public async ValueTask ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        try
        {
            await SkipAsync(offset - _position, cancellationToken);
            await _stream.ReadExactlyAsync(destination, cancellationToken);
            _position = offset + destination.Length;
        }
        catch (EndOfStreamException exception)
        {
            throw new BrokenArchiveException(isTruncated: true, "It ends early.", exception);
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async ValueTask SkipAsync(long count, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return;
        }

        if (_stream.CanSeek)
        {
            _stream.Position += count;
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(count, 1 << 16));
        try
        {
            while (count > 0)
            {
                int part = (int)Math.Min(count, buffer.Length);
                await _stream.ReadExactlyAsync(buffer.AsMemory(0, part), cancellationToken);
                count -= part;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
