using ClipFunctions.Clip.Imaging;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Reads and encodes the pictures of requests, each for itself.</summary>
internal sealed class RequestPictures(UploadReader uploads, ImageLimits limits)
{
    private const int Downloads = 8;

    /// <summary>Encodes pictures in the batches that all requests and uploads share.</summary>
    /// <returns>For each its vector, or null; and why some have none. At least one has one.</returns>
    /// <exception cref="RequestProblemException">None of them can be used.</exception>
    /// <exception cref="BatchQueueFullException">Too many wait already.</exception>
    public async Task<EncodedPictures> EncodeAsync(ModelLease lease, IReadOnlyList<PictureInput> pictures, CancellationToken cancellationToken)
    {
        PictureError?[] errors = new PictureError?[pictures.Count];
        UploadContent?[] contents = new UploadContent?[pictures.Count];
        try
        {
            await ReadBlobsAsync(pictures, contents, errors, cancellationToken);
            int[] usable = [.. Enumerable.Range(0, pictures.Count).Where(i => errors[i] is null)];
            IReadOnlyList<PictureOutcome> outcomes = await lease.Encoder.EncodeImagesAsync(
                [.. usable.Select(i => contents[i]?.Bytes ?? pictures[i].Bytes)], QueueAdmission.IfRoom, cancellationToken);
            ReadOnlyMemory<float>?[] vectors = new ReadOnlyMemory<float>?[pictures.Count];
            for (int i = 0; i < usable.Length; i++)
            {
                if (outcomes[i].Picture is { } picture)
                {
                    vectors[usable[i]] = picture.Vector;
                }
                else
                {
                    ImageException fault = outcomes[i].Fault!;
                    errors[usable[i]] = new PictureError(usable[i], pictures[usable[i]].Name, fault.Reason, fault.Message);
                }
            }

            PictureError[] faults = [.. errors.OfType<PictureError>()];
            return faults.Length < pictures.Count ? new EncodedPictures(vectors, faults) : throw Unusable(faults);
        }
        finally
        {
            foreach (UploadContent? content in contents)
            {
                content?.Dispose();
            }
        }
    }

    /// <summary>The problem of pictures that cannot be used.</summary>
    public static RequestProblemException Unusable(IReadOnlyList<PictureError> faults) => faults is [var only]
        ? new RequestProblemException(only.Code == BlobNotFound ? 404 : 400, only.Code, "The picture cannot be used", only.Detail) { Errors = faults }
        : new RequestProblemException(400, "UnusablePictures", "Pictures cannot be used", $"{faults.Count} pictures cannot be used: see errors.") { Errors = faults };

    internal const string BlobNotFound = "BlobNotFound";

    private async Task ReadBlobsAsync(IReadOnlyList<PictureInput> pictures, UploadContent?[] contents, PictureError?[] errors, CancellationToken cancellationToken)
    {
        await Parallel.ForAsync(0, pictures.Count, new ParallelOptions { MaxDegreeOfParallelism = Downloads, CancellationToken = cancellationToken }, async (i, token) =>
        {
            if (pictures[i].Blob is not { } blob)
            {
                if (pictures[i].Fault is { } fault)
                {
                    errors[i] = new PictureError(i, pictures[i].Name, "InvalidPicture", fault);
                }

                return;
            }

            string container = uploads.Container + "/";
            string? problem = null;
            if (!blob.StartsWith(container, StringComparison.Ordinal))
            {
                errors[i] = new PictureError(i, pictures[i].Name, "InvalidBlob", $"A blob is named as '{container}' and its path: only that container is read.");
            }
            else if (!BlobPath.IsValid(blob[container.Length..], out problem))
            {
                errors[i] = new PictureError(i, pictures[i].Name, "InvalidBlob", problem);
            }
            else if (await uploads.ReadAsync(new UploadEvent(blob[container.Length..]), limits.MaxBytes, token) is not { } content)
            {
                errors[i] = new PictureError(i, pictures[i].Name, BlobNotFound, $"There is no blob '{blob}'.");
            }
            else if (content.IsOverLimit)
            {
                TooManyBytesException tooLarge = new(limits.MaxBytes, content.Size);
                errors[i] = new PictureError(i, pictures[i].Name, tooLarge.Reason, tooLarge.Message);
            }
            else
            {
                contents[i] = content;
            }
        });
    }
}
