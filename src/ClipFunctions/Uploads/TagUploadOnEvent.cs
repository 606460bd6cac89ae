using Azure.Storage.Blobs;
using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Uploads;

/// <summary>Tags an upload that Event Grid tells of: at once, and at the price of the events alone.</summary>
public sealed class TagUploadOnEvent(UploadTagger tagger)
{
    /// <summary>Tags the version that stands now.</summary>
    /// <param name="blob">The upload.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function(FunctionNames.TagUploadOnEvent)]
    public Task RunAsync(
        [BlobTrigger(StorageLayout.DefaultUploads + "/{name}", Source = BlobTriggerSource.EventGrid, Connection = ClipPipelineServices.StorageSetting)] BlobClient blob,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blob);
        return tagger.TagAsync(new UploadEvent(blob.Name), cancellationToken);
    }
}
