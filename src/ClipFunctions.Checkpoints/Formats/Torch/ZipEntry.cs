namespace ClipFunctions.Checkpoints.Formats.Torch;

/// <summary>A file in a zip archive, checked to lie within it.</summary>
/// <param name="Name">Its path.</param>
/// <param name="Method">How it is compressed: <see cref="Stored"/>, <see cref="Deflated"/>, or a way that is not known here.</param>
/// <param name="Crc">The CRC-32 of its bytes.</param>
/// <param name="CompressedSize">The bytes that it takes in the archive.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="DataOffset">Where they begin in the archive.</param>
internal sealed record ZipEntry(string Name, int Method, uint Crc, long CompressedSize, long Size, long DataOffset)
{
    /// <summary>The method of bytes as they are.</summary>
    public const int Stored = 0;

    /// <summary>The method of RFC 1951.</summary>
    public const int Deflated = 8;
}
