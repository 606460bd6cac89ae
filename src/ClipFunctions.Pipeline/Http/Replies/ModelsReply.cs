namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>The models of this host: the reference's <c>clip.available_models()</c>, with what is known of each.</summary>
/// <param name="Default">The model of requests that name none.</param>
/// <param name="Models">All that may be named, and those of the catalogue.</param>
internal sealed record ModelsReply(string Default, IReadOnlyList<ModelReply> Models);
