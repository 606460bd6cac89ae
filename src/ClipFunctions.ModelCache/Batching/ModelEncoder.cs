using System.Buffers;
using System.Diagnostics;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.ModelCaching.Batching;

/// <summary>
/// Encodes pictures and texts of any number of callers in common batches, one batcher for each tower. A picture that cannot be decoded
/// fails alone and never gets into a batch. Its users hold a lease on the model.
/// </summary>
public sealed class ModelEncoder
{
    private readonly ClipModel _model;
    private readonly SemaphoreSlim _decoders;
    private readonly DynamicBatcher<byte[]> _images;
    private readonly DynamicBatcher<TextRow> _texts;

    internal ModelEncoder(ClipModel model, BatchingOptions options, int maxTextTokens, SemaphoreSlim decoders, TimeProvider time)
    {
        _model = model;
        _decoders = decoders;
        _images = new DynamicBatcher<byte[]>(
            new BatcherSettings<byte[]>
            {
                What = "pictures",
                Capacity = options.MaxQueuedImages,
                MaxCost = options.MaxImages,
                MaxDelay = options.MaxDelay,
                Run = RunImages,
                Release = pixels => ArrayPool<byte>.Shared.Return(pixels),
                Telemetry = new BatchTelemetry(model.Manifest.Id, "image"),
            },
            time);
        _texts = new DynamicBatcher<TextRow>(
            new BatcherSettings<TextRow>
            {
                What = "texts",
                Capacity = options.MaxQueuedTexts,
                MaxCost = maxTextTokens,
                MaxDelay = options.MaxDelay,
                Run = RunTexts,
                Telemetry = new BatchTelemetry(model.Manifest.Id, "text"),
            },
            time);
    }

    /// <summary>Pictures that wait or are being decoded.</summary>
    public int PendingImages => _images.Pending;

    /// <summary>Texts that wait.</summary>
    public int PendingTexts => _texts.Pending;

    /// <summary>Tells of pictures that are on their way: until disposal the batcher waits for them, as it does for those being decoded.</summary>
    /// <param name="count">How many.</param>
    public IDisposable ExpectImages(int count) => _images.Reserve(count, QueueAdmission.Always);

    /// <summary>Decodes, preprocesses and encodes a picture.</summary>
    /// <param name="encodedPicture">The file's bytes; they are read until the task ends, also after a cancellation.</param>
    /// <param name="admission">What happens if the queue is full.</param>
    /// <param name="cancellationToken">Leaves the queue, or ends the work.</param>
    /// <exception cref="ImageException">The picture is refused or damaged.</exception>
    /// <exception cref="BatchQueueFullException">The queue is full.</exception>
    public async Task<EncodedPicture> EncodeImageAsync(ReadOnlyMemory<byte> encodedPicture, QueueAdmission admission, CancellationToken cancellationToken)
    {
        using DynamicBatcher<byte[]>.Reservation place = _images.Reserve(1, admission);
        return await EncodeAsync(encodedPicture, place, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Encodes several pictures, each for itself.</summary>
    /// <param name="encodedPictures">The files' bytes; they are read until the task ends.</param>
    /// <param name="admission">What happens if the queue has no room for all of them.</param>
    /// <param name="cancellationToken">Leaves the queue, or ends the work.</param>
    /// <returns>For each picture its vector or why it has none.</returns>
    /// <exception cref="BatchQueueFullException">The queue is full.</exception>
    public async Task<IReadOnlyList<PictureOutcome>> EncodeImagesAsync(IReadOnlyList<ReadOnlyMemory<byte>> encodedPictures, QueueAdmission admission, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(encodedPictures);
        using DynamicBatcher<byte[]>.Reservation places = _images.Reserve(encodedPictures.Count, admission);
        return await Task.WhenAll(encodedPictures.Select(async picture =>
        {
            try
            {
                return new PictureOutcome(await EncodeAsync(picture, places, cancellationToken).ConfigureAwait(false), null);
            }
            catch (ImageException exception)
            {
                return new PictureOutcome(null, exception);
            }
        })).ConfigureAwait(false);
    }

    /// <summary>Encodes tokenized texts.</summary>
    /// <param name="tokens">The rows.</param>
    /// <param name="admission">What happens if the queue has no room for all of them.</param>
    /// <param name="cancellationToken">Leaves the queue, or ends the work.</param>
    /// <returns><c>[count, dimension]</c>, not normalised.</returns>
    /// <exception cref="BatchQueueFullException">The queue is full.</exception>
    public async Task<EmbeddingMatrix> EncodeTextAsync(TokenBatch tokens, QueueAdmission admission, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        using DynamicBatcher<TextRow>.Reservation places = _texts.Reserve(tokens.Count, admission);
        Task<ReadOnlyMemory<float>>[] rows = new Task<ReadOnlyMemory<float>>[tokens.Count];
        bool cut = _model.Manifest.Textual.DynamicContext;
        for (int row = 0; row < rows.Length; row++)
        {
            int length = cut ? tokens.EndPositions[row] + 1 : tokens.ContextLength;
            rows[row] = places.Enqueue(new TextRow(tokens, row), length, cancellationToken);
        }

        ReadOnlyMemory<float>[] vectors = await Task.WhenAll(rows).ConfigureAwait(false);
        float[] values = new float[vectors.Length * _model.EmbeddingDimension];
        for (int row = 0; row < vectors.Length; row++)
        {
            vectors[row].Span.CopyTo(values.AsSpan(row * _model.EmbeddingDimension));
        }

        return new EmbeddingMatrix(values, vectors.Length, _model.EmbeddingDimension);
    }

    private async Task<EncodedPicture> EncodeAsync(ReadOnlyMemory<byte> encodedPicture, DynamicBatcher<byte[]>.Reservation place, CancellationToken cancellationToken)
    {
        (byte[] pixels, TimeSpan preprocess) = await DecodeAsync(encodedPicture, place, cancellationToken).ConfigureAwait(false);
        long start = Stopwatch.GetTimestamp();
        ReadOnlyMemory<float> vector = await place.Enqueue(pixels, 1, cancellationToken).ConfigureAwait(false);
        return new EncodedPicture(vector, preprocess, Stopwatch.GetElapsedTime(start));
    }

    private async Task<(byte[] Pixels, TimeSpan Time)> DecodeAsync(ReadOnlyMemory<byte> encodedPicture, DynamicBatcher<byte[]>.Reservation place, CancellationToken cancellationToken)
    {
        try
        {
            await _decoders.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // Never left behind, also when cancelled: the caller's buffer is read.
                return await Task.Run(() => Decode(encodedPicture, cancellationToken), CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                _decoders.Release();
            }
        }
        catch
        {
            place.GiveUpOne();
            throw;
        }
    }

    private (byte[] Pixels, TimeSpan Time) Decode(ReadOnlyMemory<byte> encodedPicture, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        int count = _model.Preprocessor.PixelCount;
        byte[] pixels = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            _model.Preprocessor.Preprocess(encodedPicture, pixels.AsSpan(0, count), cancellationToken);
            return (pixels, Stopwatch.GetElapsedTime(start));
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(pixels);
            throw;
        }
    }

    private ReadOnlyMemory<float>[] RunImages(IReadOnlyList<byte[]> pictures, CancellationToken cancellationToken)
    {
        int each = _model.Preprocessor.PixelCount;
        if (pictures is [var only])
        {
            return Rows(_model.EncodeImage(only.AsMemory(0, each), 1, cancellationToken));
        }

        byte[] batch = ArrayPool<byte>.Shared.Rent(pictures.Count * each);
        try
        {
            for (int i = 0; i < pictures.Count; i++)
            {
                pictures[i].AsSpan(0, each).CopyTo(batch.AsSpan(i * each));
            }

            return Rows(_model.EncodeImage(batch.AsMemory(0, pictures.Count * each), pictures.Count, cancellationToken));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(batch);
        }
    }

    private ReadOnlyMemory<float>[] RunTexts(IReadOnlyList<TextRow> rows, CancellationToken cancellationToken)
    {
        int length = rows.Max(row => row.Tokens.ContextLength);
        int[] ids = new int[rows.Count * length];
        int padding = _model.Manifest.Tokenizer.PadTokenId ?? 0;
        for (int i = 0; i < rows.Count; i++)
        {
            Span<int> target = ids.AsSpan(i * length, length);
            ReadOnlySpan<int> source = rows[i].Tokens[rows[i].Row];
            source.CopyTo(target);
            target[source.Length..].Fill(padding);
        }

        return Rows(_model.EncodeText(new TokenBatch(ids, rows.Count, length), cancellationToken));
    }

    private static ReadOnlyMemory<float>[] Rows(EmbeddingMatrix matrix) => [.. Enumerable.Range(0, matrix.Count).Select(matrix.Row)];

    private readonly record struct TextRow(TokenBatch Tokens, int Row);
}
