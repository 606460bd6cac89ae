using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ClipFunctions.Datasets.Archives;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Formats;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Reading;

/// <summary>
/// Reads items in their order, some ahead of the caller. Neighbours in an archive are read together; a gzipped archive is decompressed once for items whose
/// places ascend, as a plan's do. Safe for use by several callers at once.
/// </summary>
public sealed class DatasetReader
{
    private readonly IDatasetFiles _files;
    private readonly DatasetReaderOptions _options;

    /// <summary>Reads from a data set's files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="options">How to read; null for the defaults.</param>
    public DatasetReader(IDatasetFiles files, DatasetReaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        _files = files;
        _options = options ?? new DatasetReaderOptions();
    }

    /// <summary>
    /// The items with their bytes, in the given order. What cannot be read because of the data (changed, too large, damaged) comes as a picture with a
    /// <see cref="DatasetPicture.Failure"/>; faults of storage are thrown.
    /// </summary>
    /// <param name="items">The items; gone through once, ahead of the caller.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Pictures, which the caller disposes of.</returns>
    public async IAsyncEnumerable<DatasetPicture> ReadAsync(IEnumerable<DatasetItem> items, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<(ReadBlock Block, Task<DatasetPicture[]> Read)> started =
            Channel.CreateUnbounded<(ReadBlock, Task<DatasetPicture[]>)>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        ByteBudget budget = new(_options.MaxBufferedBytes);
        Task starting = StartAsync(items, started.Writer, budget, stop.Token);
        try
        {
            await foreach ((ReadBlock block, Task<DatasetPicture[]> read) in started.Reader.ReadAllAsync(cancellationToken))
            {
                DatasetPicture[] pictures = await read;
                budget.Give(Cost(block));
                int given = 0;
                try
                {
                    while (given < pictures.Length)
                    {
                        yield return pictures[given++];
                    }
                }
                finally
                {
                    Dispose(pictures.AsSpan(given));
                }
            }

            await starting;
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)starting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (started.Reader.TryRead(out (ReadBlock Block, Task<DatasetPicture[]> Read) left))
            {
                await ((Task)left.Read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (left.Read.IsCompletedSuccessfully)
                {
                    Dispose(await left.Read);
                }
            }
        }
    }

    /// <summary>One item with its bytes.</summary>
    /// <param name="item">The item.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The picture, which the caller disposes of; with a <see cref="DatasetPicture.Failure"/> if the data cannot be read.</returns>
    public async Task<DatasetPicture> ReadAsync(DatasetItem item, CancellationToken cancellationToken = default) =>
        await ReadAsync([item], cancellationToken).SingleAsync(cancellationToken);

    // An empty picture costs something, too: without it any number of them would be read ahead.
    private static long Cost(ReadBlock block) => block.Bytes + (256L * block.Items.Count);

    private static void Dispose(ReadOnlySpan<DatasetPicture> pictures)
    {
        foreach (DatasetPicture picture in pictures)
        {
            picture?.Dispose();
        }
    }

    /// <summary>Starts reading block after block, as budget and parallelism allow.</summary>
    private async Task StartAsync(
        IEnumerable<DatasetItem> items,
        ChannelWriter<(ReadBlock Block, Task<DatasetPicture[]> Read)> started,
        ByteBudget budget,
        CancellationToken cancellationToken)
    {
        using SemaphoreSlim slots = new(_options.Parallelism);
        GzipCursor? cursor = null;
        List<Task> cursors = [];
        try
        {
            // The caller's items may take their time to come.
            await Task.Yield();
            foreach (ReadBlock block in ReadBlock.Of(items, _options))
            {
                await budget.TakeAsync(Cost(block), cancellationToken);
                await slots.WaitAsync(cancellationToken);
                Task<DatasetPicture[]> read;
                if (block.IsTooLarge)
                {
                    slots.Release();
                    read = Task.FromResult(TooLarge(block));
                }
                else
                {
                    if (cursor is not null && (!block.InGzip || cursor.File != block.File))
                    {
                        cursors.Add(cursor.EndAsync());
                        cursor = null;
                    }

                    cursor ??= block.InGzip ? new GzipCursor(_files, block.File) : null;
                    read = ReadAsync(block, cursor, slots, cancellationToken);
                    cursor?.Follow(read);
                }

                await started.WriteAsync((block, read), CancellationToken.None);
            }

            started.Complete();
        }
        catch (Exception exception)
        {
            started.Complete(exception);
        }
        finally
        {
            if (cursor is not null)
            {
                cursors.Add(cursor.EndAsync());
            }

            await Task.WhenAll(cursors);

            // Every read gives its slot back before the semaphore goes.
            for (int i = 0; i < _options.Parallelism; i++)
            {
                await slots.WaitAsync(CancellationToken.None);
            }
        }
    }

    private DatasetPicture[] TooLarge(ReadBlock block)
    {
        DatasetItem item = block.Items[0];
        string message = string.Create(CultureInfo.InvariantCulture, $"'{item.Name}' has {item.Length:N0} bytes; at most {_options.MaxPictureBytes:N0} are read.");
        return Failed(block, new DatasetPicture[1], 0, new DatasetReadFailure(DatasetReadReason.TooManyBytes, message));
    }

    private async Task<DatasetPicture[]> ReadAsync(ReadBlock block, GzipCursor? cursor, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        DatasetPicture[] pictures = new DatasetPicture[block.Items.Count];
        int done = 0;
        DatasetReadFailure? failure = null;
        try
        {
            await using IItemBytes bytes = cursor is null
                ? await PlainBytes.OpenAsync(_files, block, cancellationToken)
                : await cursor.OpenAsync(cancellationToken);
            for (; done < pictures.Length; done++)
            {
                pictures[done] = await PictureAsync(block.First + done, block.Items[done], bytes, cancellationToken);
            }
        }
        catch (DatasetFileChangedException exception)
        {
            failure = new DatasetReadFailure(DatasetReadReason.Changed, exception.Message);
        }
        catch (BrokenArchiveException exception)
        {
            failure = new DatasetReadFailure(DatasetReadReason.Broken, $"'{block.File.Name}': {exception.Message}");
        }
        catch
        {
            Dispose(pictures);
            throw;
        }
        finally
        {
            slots.Release();
        }

        return failure is null ? pictures : Failed(block, pictures, done, failure);
    }

    private static DatasetPicture[] Failed(ReadBlock block, DatasetPicture[] pictures, int from, DatasetReadFailure failure)
    {
        for (int i = from; i < pictures.Length; i++)
        {
            pictures[i] = new DatasetPicture(block.First + i, block.Items[i], failure);
        }

        return pictures;
    }

    private static async Task<DatasetPicture> PictureAsync(int index, DatasetItem item, IItemBytes bytes, CancellationToken cancellationToken)
    {
        int length = (int)item.Length;
        if (item.Encoding != DatasetEncoding.Picture && length != CifarForm.RecordSize(item.Encoding))
        {
            return new DatasetPicture(index, item, new DatasetReadFailure(DatasetReadReason.Broken, $"'{item.Name}' does not have the length of a record."));
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await bytes.ReadAsync(item.Offset, buffer.AsMemory(0, length), cancellationToken);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }

        if (item.Encoding == DatasetEncoding.Picture)
        {
            return new DatasetPicture(index, item, buffer, length);
        }

        byte[] picture = ArrayPool<byte>.Shared.Rent(BmpWriter.FileSize);
        BmpWriter.Write(buffer.AsSpan(CifarForm.LabelSize(item.Encoding)), picture);
        ArrayPool<byte>.Shared.Return(buffer);
        return new DatasetPicture(index, item, picture, BmpWriter.FileSize);
    }
}
