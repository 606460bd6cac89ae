using System.Security.Cryptography;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Onnx;

/// <summary>A new file that is hashed while it is written, so that it need not be read again.</summary>
internal sealed class HashingFileStream(string path, int bufferSize) : Stream
{
    private readonly FileStream _file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[bufferSize];
    private int _buffered;
    private long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => Position;

    public override long Position
    {
        get => _written + _buffered;
        set => throw new NotSupportedException();
    }

    /// <summary>Writes what is buffered and tells name, size and hash.</summary>
    public BundleFile Finish()
    {
        Flush();
        return new BundleFile { Name = Path.GetFileName(path), Size = _written, Sha256 = Convert.ToHexStringLower(_hash.GetHashAndReset()) };
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > _buffer.Length - _buffered)
        {
            Flush();
        }

        if (buffer.Length >= _buffer.Length)
        {
            WriteThrough(buffer);
            return;
        }

        buffer.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    public override void Flush()
    {
        WriteThrough(_buffer.AsSpan(0, _buffered));
        _buffered = 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private void WriteThrough(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _file.Write(bytes);
        _written += bytes.Length;
    }
}
