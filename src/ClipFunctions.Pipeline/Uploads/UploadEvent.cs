using Azure;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>A picture arrived or changed.</summary>
/// <param name="Name">Its path in the uploads container.</param>
/// <param name="ETag">The version that the event is about; absent where the trigger does not tell: the present one is taken.</param>
public sealed record UploadEvent(string Name, ETag? ETag = null);
