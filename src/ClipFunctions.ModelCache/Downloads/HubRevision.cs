namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>One commit of a hub repository.</summary>
/// <param name="Commit">Its hash, 40 hex digits.</param>
/// <param name="Files">Its files by their paths.</param>
public sealed record HubRevision(string Commit, IReadOnlyDictionary<string, HubFile> Files);
