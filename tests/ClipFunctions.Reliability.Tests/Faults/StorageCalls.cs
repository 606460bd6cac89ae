using ClipFunctions.Reliability.Tests.Load;

namespace ClipFunctions.Reliability.Tests.Faults;

/// <summary>Tells an upload's storage calls apart.</summary>
internal static class StorageCalls
{
    /// <summary>Which call about the upload <paramref name="name"/> a request is; null if it is none.</summary>
    public static StorageCall? Of(ProxiedRequest request, TestStorage storage, string name)
    {
        string path = request.Target.Split('?')[0];
        bool tags = request.Target.Contains("comp=tags", StringComparison.Ordinal);
        return request.Method switch
        {
            "GET" when path.EndsWith($"/{storage.Results.Name}/{name}.json", StringComparison.Ordinal) => StorageCall.ReadRecord,
            "GET" when path.EndsWith($"/{storage.Uploads.Name}/{name}", StringComparison.Ordinal) && !tags => StorageCall.ReadPicture,
            "PUT" when path.EndsWith($"/{storage.Embeddings.Name}/{name}.npy", StringComparison.Ordinal) => StorageCall.WriteEmbedding,
            "PUT" when path.EndsWith($"/{storage.Results.Name}/{name}.json", StringComparison.Ordinal) => StorageCall.WriteRecord,
            "PUT" when path.EndsWith($"/{storage.Uploads.Name}/{name}", StringComparison.Ordinal) && tags => StorageCall.WriteTags,
            "HEAD" when path.EndsWith($"/{storage.Uploads.Name}/{name}", StringComparison.Ordinal) => StorageCall.LookAgain,
            _ => null,
        };
    }
}
