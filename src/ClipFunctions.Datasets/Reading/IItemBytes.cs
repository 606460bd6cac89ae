namespace ClipFunctions.Datasets.Reading;

/// <summary>A file's bytes (decompressed, if it is gzipped), read at ascending places.</summary>
internal interface IItemBytes : IAsyncDisposable
{
    /// <summary>Fills <paramref name="destination"/> from a place on.</summary>
    /// <exception cref="Archives.BrokenArchiveException">There are not so many bytes.</exception>
    /// <exception cref="Files.DatasetFileChangedException">The file is another version.</exception>
    ValueTask ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken);
}
