using System.Buffers;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Datasets.Reading;

namespace ClipFunctions.Evaluation;

/// <summary>
/// Turns a data set's pictures into vectors. Batches are made of the usable pictures in the given order, so that whoever computes a shard gets
/// the same bits; the shared batches of requests and uploads would not give them.
/// </summary>
/// <param name="options">How; the stated defaults if null.</param>
public sealed class FeatureExtractor(FeatureOptions? options = null)
{
    private readonly FeatureOptions _options = options ?? new FeatureOptions();

    /// <summary>The vectors of a data set, by split; shard by shard, so that they are those of a run in the pipeline to the last bit.</summary>
    /// <param name="model">The model.</param>
    /// <param name="files">The data set's files.</param>
    /// <param name="plan">The data set.</param>
    /// <param name="splits">Which splits; null for all.</param>
    /// <param name="validation">How validation is drawn from train where the data set has none; null for not at all.</param>
    /// <param name="progress">Told how many pictures are done.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The vectors, and which pictures have none (<see cref="FeatureSet.Faults"/>); the caller disposes of them.</returns>
    public async Task<FeatureSet> ExtractAsync(
        ClipModel model,
        IDatasetFiles files,
        DatasetPlan plan,
        IReadOnlyList<DatasetSplit>? splits = null,
        SplitRule? validation = null,
        IProgress<int>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        FeatureSet features = new(plan, model.EmbeddingDimension, validation);
        int done = 0;
        try
        {
            foreach (DatasetShard shard in new ShardRule().Cut(plan).Where(shard => splits?.Contains(shard.Split) ?? true))
            {
                Offset? shifted = progress is null ? null : new Offset(progress, done);
                (EmbeddingMatrix vectors, IReadOnlyList<PictureFault> faults) = await ExtractAsync(model, files, plan.ItemsOf(shard), shard.Count, shifted, cancellationToken);
                features.Add(shard, vectors, faults);
                done += shard.Count;
                progress?.Report(done);
            }

            return features;
        }
        catch
        {
            features.Dispose();
            throw;
        }
    }

    /// <summary>The vectors of pictures, <c>[pictures, dimension]</c>, not normalised; zeros for a picture that cannot be used.</summary>
    /// <param name="model">The model.</param>
    /// <param name="files">The data set's files.</param>
    /// <param name="items">The pictures.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="progress">Told how many are done.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The vectors, and which pictures have none, in their order.</returns>
    public async Task<(EmbeddingMatrix Vectors, IReadOnlyList<PictureFault> Faults)> ExtractAsync(
        ClipModel model,
        IDatasetFiles files,
        IEnumerable<DatasetItem> items,
        int count,
        IProgress<int>? progress,
        CancellationToken cancellationToken)
    {
        int dimension = model.EmbeddingDimension;
        float[] vectors = new float[checked(count * dimension)];
        List<PictureFault> faults = [];
        int each = model.ExactPreprocessor.PixelCount;
        byte[] batch = new byte[checked(_options.BatchSize * each)];
        List<int> rows = new(_options.BatchSize);
        Queue<Task<DecodedRow>> decoding = new();
        int done = 0;
        int ahead = _options.BatchSize + (2 * Environment.ProcessorCount);
        DatasetReader reader = new(files, new DatasetReaderOptions { MaxPictureBytes = _options.MaxPictureBytes });
        try
        {
            await foreach (DatasetPicture picture in reader.ReadAsync(items, cancellationToken))
            {
                // Always exact: features are kept, and shared by hosts of other settings.
                decoding.Enqueue(Task.Run(() => Decode(model.ExactPreprocessor, picture, cancellationToken), CancellationToken.None));
                if (decoding.Count >= ahead)
                {
                    await TakeAsync();
                }
            }

            while (decoding.Count > 0)
            {
                await TakeAsync();
            }

            await EncodeAsync();
            return (new EmbeddingMatrix(vectors, count, dimension), faults);
        }
        finally
        {
            while (decoding.TryDequeue(out Task<DecodedRow>? left))
            {
                await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (left.IsCompletedSuccessfully)
                {
                    (await left).Return();
                }
            }
        }

        async Task TakeAsync()
        {
            DecodedRow row = await decoding.Dequeue();
            if (row.Fault is { } fault)
            {
                faults.Add(fault);
                return;
            }

            row.Pixels.AsSpan(0, each).CopyTo(batch.AsSpan(rows.Count * each));
            row.Return();
            rows.Add(row.Index);
            if (rows.Count == _options.BatchSize)
            {
                await EncodeAsync();
            }
        }

        async Task EncodeAsync()
        {
            if (rows.Count == 0)
            {
                return;
            }

            EmbeddingMatrix encoded = await Task.Run(() => model.EncodeImage(batch.AsMemory(0, rows.Count * each), rows.Count, cancellationToken), CancellationToken.None);
            for (int i = 0; i < rows.Count; i++)
            {
                encoded[i].CopyTo(vectors.AsSpan(rows[i] * dimension));
            }

            done += rows.Count;
            rows.Clear();
            progress?.Report(done + faults.Count);
        }
    }

    private static DecodedRow Decode(ClipPreprocessor preprocessor, DatasetPicture picture, CancellationToken cancellationToken)
    {
        using (picture)
        {
            if (picture.Failure is { } failure)
            {
                return new DecodedRow(picture.Index, null, new PictureFault(picture.Index, picture.Item.Name, failure.Reason.ToString(), failure.Message));
            }

            byte[] pixels = ArrayPool<byte>.Shared.Rent(preprocessor.PixelCount);
            try
            {
                preprocessor.Preprocess(picture.Bytes, pixels.AsSpan(0, preprocessor.PixelCount), cancellationToken);
                return new DecodedRow(picture.Index, pixels, null);
            }
            catch (ImageException exception)
            {
                ArrayPool<byte>.Shared.Return(pixels);
                return new DecodedRow(picture.Index, null, new PictureFault(picture.Index, picture.Item.Name, exception.Reason, exception.Message));
            }
            catch
            {
                ArrayPool<byte>.Shared.Return(pixels);
                throw;
            }
        }
    }

    private sealed class Offset(IProgress<int> progress, int before) : IProgress<int>
    {
        public void Report(int value) => progress.Report(before + value);
    }

    private sealed record DecodedRow(int Index, byte[]? Pixels, PictureFault? Fault)
    {
        public void Return()
        {
            if (Pixels is not null)
            {
                ArrayPool<byte>.Shared.Return(Pixels);
            }
        }
    }
}
