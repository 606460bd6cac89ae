using System.Buffers;
using System.Globalization;
using ClipFunctions.Pipeline.Http.Problems;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Bytes read from a request into a pooled buffer.</summary>
internal sealed class PooledBytes : IDisposable
{
    private const int FirstSize = 32 * 1024;

    private byte[]? _buffer;
    private int _length;

    private PooledBytes(byte[] buffer) => _buffer = buffer;

    public ReadOnlyMemory<byte> Memory => (_buffer ?? throw new ObjectDisposedException(nameof(PooledBytes))).AsMemory(0, _length);

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="expected">Its length, if it tells.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="before">Bytes of the body before this stream, which count too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestProblemException">There are more.</exception>
    public static async Task<PooledBytes> ReadAsync(Stream stream, long? expected, long limit, long before, CancellationToken cancellationToken)
    {
        if (expected > limit)
        {
            throw TooLarge(limit, expected.Value);
        }

        // What a header promises is not believed before it comes: a sender could have much memory taken for nothing.
        PooledBytes bytes = new(ArrayPool<byte>.Shared.Rent((int)Math.Min(expected + 1 ?? FirstSize, 1 << 20)));
        try
        {
            while (true)
            {
                if (bytes._length == bytes._buffer!.Length)
                {
                    bytes.Grow();
                }

                int read = await stream.ReadAsync(bytes._buffer.AsMemory(bytes._length), cancellationToken);
                if (read == 0)
                {
                    return bytes;
                }

                bytes._length += read;
                if (before + bytes._length > limit)
                {
                    throw TooLarge(limit, before + bytes._length);
                }
            }
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    internal static RequestProblemException TooLarge(long limit, long actual) => new(
        413,
        "BodyTooLarge",
        "The body is too large",
        string.Create(CultureInfo.InvariantCulture, $"The body has {actual:N0} bytes or more; at most {limit:N0} are allowed (Clip:Http:MaxBodyBytes). Send fewer pictures at a time, or put large ones into the uploads container and name them as blobs."))
    {
        Limit = limit,
        Actual = actual,
    };

    private void Grow()
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(checked(_buffer!.Length * 2));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
