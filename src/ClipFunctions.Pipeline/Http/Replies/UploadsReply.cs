namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>The uploads that were handled last.</summary>
/// <param name="Total">How many there are.</param>
/// <param name="Uploads">Newest first.</param>
internal sealed record UploadsReply(int Total, IReadOnlyList<ListedUpload> Uploads);
