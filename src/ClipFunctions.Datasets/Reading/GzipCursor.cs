using ClipFunctions.Datasets.Archives;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Reading;

/// <summary>
/// A gzipped archive that stays open from block to block, so that nothing is decompressed twice where places ascend. Blocks take their turns in the
/// order in which they were opened.
/// </summary>
internal sealed class GzipCursor(IDatasetFiles files, DatasetFile file)
{
    private Task _last = Task.CompletedTask;
    private SequentialReader? _reader;

    public DatasetFile File => file;

    /// <summary>The archive's bytes, when all blocks before have been read.</summary>
    public async Task<IItemBytes> OpenAsync(CancellationToken cancellationToken)
    {
        await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return new Turn(this);
    }

    /// <summary>Lets the next block wait for one that was started.</summary>
    public void Follow(Task block) => _last = block;

    /// <summary>Closes the archive when the blocks that were opened have been read.</summary>
    public async Task EndAsync()
    {
        await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CloseAsync();
    }

    private async ValueTask ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        try
        {
            if (_reader is not null && _reader.Position > offset)
            {
                await CloseAsync();
            }

            _reader ??= await SequentialReader.OpenAsync(files, file, cancellationToken);
            _reader.Skip(offset - _reader.Position);
            await _reader.ReadExactlyAsync(destination, cancellationToken);
        }
        catch
        {
            // It may stand anywhere now.
            await CloseAsync();
            throw;
        }
    }

    private async ValueTask CloseAsync()
    {
        if (_reader is { } reader)
        {
            _reader = null;
            await reader.DisposeAsync();
        }
    }

    private sealed class Turn(GzipCursor cursor) : IItemBytes
    {
        public ValueTask ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken) => cursor.ReadAsync(offset, destination, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
