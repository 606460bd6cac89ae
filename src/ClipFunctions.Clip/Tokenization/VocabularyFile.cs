using System.Buffers;
using System.IO.Compression;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>Reads a vocabulary's file, gzip or plain, up to a limit.</summary>
internal static class VocabularyFile
{
    private const int MaximumFileBytes = 64 << 20;

    /// <summary>The file's bytes, unpacked.</summary>
    public static byte[] ReadAll(Stream stream, string source)
    {
        byte[] head = new byte[2];
        int read = stream.ReadAtLeast(head, 2, throwOnEndOfStream: false);
        using MemoryStream plain = new();
        using Stream whole = new PrefixedStream(head.AsMemory(0, read), stream);
        try
        {
            if (read == 2 && head[0] == 0x1F && head[1] == 0x8B)
            {
                using GZipStream unpacked = new(whole, CompressionMode.Decompress, leaveOpen: true);
                Copy(unpacked, plain, source);
            }
            else
            {
                Copy(whole, plain, source);
            }
        }
        catch (InvalidDataException e)
        {
            throw new InvalidVocabularyException(source, null, "its gzip data are damaged.", e);
        }

        return plain.ToArray();
    }

    private static void Copy(Stream from, MemoryStream to, string source)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            int read;
            while ((read = from.Read(buffer)) > 0)
            {
                if (to.Length + read > MaximumFileBytes)
                {
                    throw new InvalidVocabularyException(source, null, $"it holds more than {MaximumFileBytes} bytes.");
                }

                to.Write(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A stream whose first bytes were already read to see what it is.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> _prefix = prefix;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            if (_prefix.IsEmpty)
            {
                return rest.Read(buffer);
            }

            int count = Math.Min(buffer.Length, _prefix.Length);
            _prefix.Span[..count].CopyTo(buffer);
            _prefix = _prefix[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
