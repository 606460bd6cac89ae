using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.Pipeline.Search;

/// <summary>Reads records and the embeddings that they name. Whatever stands in storage, only faults of storage itself are thrown.</summary>
internal sealed class RecordReader
{
    private const int KnownSchema = 1;
    private const int MaxEmbeddingBytes = 1 << 20;

    private readonly BlobContainerClient _results;
    private readonly BlobContainerClient _embeddings;
    private readonly string _uploads;

    public RecordReader(StorageConnection storage, StorageLayout layout)
    {
        _results = storage.Blobs.GetBlobContainerClient(layout.Results);
        _embeddings = storage.Blobs.GetBlobContainerClient(layout.Embeddings);
        _uploads = layout.Uploads;
    }

    /// <summary>Reads the version of a record that stands now; null if it is gone.</summary>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task<IndexedRecord?> ReadAsync(ListedRecord record, SharedValues shared, CancellationToken cancellationToken)
    {
        if (record.Size > ResultStore.MaxRecordBytes || !BlobPath.IsValid(record.Name, out _))
        {
            return new IndexedRecord(record.ETag, null);
        }

        StoredBytes stored;
        try
        {
            stored = await StoredBytes.ReadAsync(_results.GetBlobClient(record.Name), new BlobRequestConditions(), ResultStore.MaxRecordBytes, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
        catch (RequestFailedException exception) when (IsRefused(exception))
        {
            return new IndexedRecord(record.ETag, null);
        }

        UploadResult? result = stored.IsOverLimit ? null : ResultStore.Parse(stored.Content);
        if (result is null || !IsKnown(result) || StorageLayout.ResultName(result.Source.Name) != record.Name)
        {
            return new IndexedRecord(stored.ETag, null);
        }

        return new IndexedRecord(stored.ETag, new IndexEntry
        {
            Name = result.Source.Name,
            State = result.State,
            ETag = result.Source.ETag,
            Size = result.Source.Size,
            Model = shared.Model(result.Model),
            Labels = shared.Labels(result.Labels),
            Failure = result.Failure,
            Time = result.Time,
            Vector = result.State == UploadState.Tagged ? await VectorAsync(result.Embedding, cancellationToken) : null,
        });
    }

    // JSON leaves out what it likes, and a record is a blob that anybody with the right to write may have put there.
    private bool IsKnown(UploadResult result) =>
        result.Schema == KnownSchema
        && Enum.IsDefined(result.State)
        && result.Source.Container == _uploads
        && BlobPath.IsValid(result.Source.Name, out _)
        && result.Source.ETag is not null
        && result.Model is { Id: not null, Fingerprint: not null, Device: not null }
        && result.Labels.All(label => label is { Label: not null } && float.IsFinite(label.Probability) && float.IsFinite(label.Logit))
        && result.Failure is null or { Reason: not null, Message: not null }
        && (result.State == UploadState.Failed) == (result.Failure is not null);

    private async Task<float[]?> VectorAsync(UploadEmbedding? embedding, CancellationToken cancellationToken)
    {
        if (embedding is null || embedding.Container != _embeddings.Name || !BlobPath.IsValid(embedding.Name, out _) || !ListedETag.IsVersion(embedding.ETag))
        {
            return null;
        }

        try
        {
            StoredBytes stored = await StoredBytes.ReadAsync(
                _embeddings.GetBlobClient(embedding.Name),
                new BlobRequestConditions { IfMatch = new ETag(embedding.ETag) },
                MaxEmbeddingBytes,
                cancellationToken);
            EmbeddingMatrix? matrix = stored.IsOverLimit ? null : NpyFormat.Read(stored.Content);
            return matrix is { Count: 1 } && matrix.Dimension == embedding.Dimension ? UnitVector.Of(matrix[0]) : null;
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412 || IsRefused(exception))
        {
            return null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    // Archived, or encrypted with a key of its own.
    private static bool IsRefused(RequestFailedException exception) => exception.Status == 409;
}
