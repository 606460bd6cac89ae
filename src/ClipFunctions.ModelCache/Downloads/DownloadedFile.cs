namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>A file that has been fetched and checked.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hex.</param>
/// <param name="Commit">The commit that the hub took it from, where it said so.</param>
public sealed record DownloadedFile(string Path, long Size, string Sha256, string? Commit);
