namespace ClipFunctions.Pipeline.Uploads;

/// <summary>The upload that a record is about.</summary>
/// <param name="Container">Its container.</param>
/// <param name="Name">Its path in the container.</param>
/// <param name="ETag">The version that was looked at.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Of its bytes, lower-case hex; absent if it was refused unread.</param>
public sealed record UploadSource(string Container, string Name, string ETag, long Size, string? Sha256);
