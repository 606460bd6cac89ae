using Azure.Storage.Blobs;
using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Uploads;

/// <summary>Tags an upload that the host finds by scanning the container: where there is no Event Grid, as with Azurite.</summary>
public sealed class TagUploadOnScan(UploadTagger tagger)
{
    /// <summary>Tags the version that stands now.</summary>
    /// <param name="blob">The upload.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function(FunctionNames.TagUploadOnScan)]
    public Task RunAsync(
        [BlobTrigger(StorageLayout.DefaultUploads + "/{name}", Source = BlobTriggerSource.LogsAndContainerScan, Connection = ClipPipelineServices.StorageSetting)] BlobClient blob,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blob);
        return tagger.TagAsync(new UploadEvent(blob.Name), cancellationToken);
    }
}
