namespace ClipFunctions.Reliability.Tests.Faults;

/// <summary>A request on its way to storage.</summary>
/// <param name="Method">GET, PUT …</param>
/// <param name="Target">Path and query as sent.</param>
/// <param name="Body">Its body.</param>
/// <param name="IsQueue">Whether it goes to the queues; else to the blobs.</param>
internal sealed record ProxiedRequest(string Method, string Target, ReadOnlyMemory<byte> Body, bool IsQueue)
{
    /// <summary>Whether it may change something.</summary>
    public bool IsWrite => Method is not ("GET" or "HEAD");
}
