namespace ClipFunctions.Benchmarks.Peers;

/// <summary>A peer cannot be measured; the rest can.</summary>
internal sealed class PeerException(string message) : Exception(message);
