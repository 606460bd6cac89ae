namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>A file of a hub repository, as the hub lists it.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Size">Its size in bytes, if the hub tells it.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hex; only large files (LFS) have one.</param>
public sealed record HubFile(string Path, long? Size, string? Sha256);
