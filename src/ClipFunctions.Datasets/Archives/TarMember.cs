namespace ClipFunctions.Datasets.Archives;

/// <summary>A file in a tar.</summary>
/// <param name="Name">Its path, without leading <c>./</c> and <c>/</c>.</param>
/// <param name="Offset">Its first byte in the tar.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct TarMember(string Name, long Offset, long Length);
