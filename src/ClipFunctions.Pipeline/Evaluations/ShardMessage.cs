namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>The message of the shards queue.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Shard">The shard's index.</param>
internal sealed record ShardMessage(string RunId, int Shard);
