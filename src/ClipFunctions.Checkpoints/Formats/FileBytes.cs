using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ClipFunctions.Checkpoints.Formats;

/// <summary>The bytes of a file, mapped into memory and never copied as a whole; every access is checked against its length.</summary>
internal sealed unsafe partial class FileBytes : IDisposable
{
    // Less than this is not worth a call of the system.
    private const int SmallestRelease = 1 << 16;

    // MADV_DONTNEED of Linux.
    private const int DontNeed = 4;

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private GCHandle _pin;
    private readonly byte* _start;
    private bool _disposed;

    private FileBytes(string path)
    {
        Name = path;
        try
        {
            // Of the open file, not of its path: model hubs' caches are full of links, whose length is another.
            using SafeFileHandle handle = File.OpenHandle(path);
            Length = RandomAccess.GetLength(handle);
            if (Length > 0)
            {
                _file = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
                _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
                _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
                _start += _view.PointerOffset;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Dispose();
            throw new InvalidCheckpointException(path, null, $"cannot be read: {exception.Message}", exception);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private FileBytes(string name, byte[] bytes)
    {
        Name = name;
        Length = bytes.Length;
        _pin = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        _start = (byte*)_pin.AddrOfPinnedObject();
    }

    /// <summary>What to call them in errors: the file's path.</summary>
    public string Name { get; }

    /// <summary>How many there are.</summary>
    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="InvalidCheckpointException">It cannot be read.</exception>
    public static FileBytes Map(string path) => new(path);

    /// <summary>Bytes that are in memory already, as if they were a file's.</summary>
    public static FileBytes Of(string name, byte[] bytes) => new(name, bytes);

    /// <summary>A stretch of them, valid until they are disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie within the file.</exception>
    public ReadOnlySpan<byte> Slice(long start, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (start < 0 || length < 0 || start > Length || length > Length - start || length > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(start), $"{length} bytes at {start} of {Length}.");
        }

        return new ReadOnlySpan<byte>(_start + start, (int)length);
    }

    /// <summary>
    /// Tells the system that a stretch has been read, so that its pages need not stay this process's: a file's worth of them would else be
    /// counted as its memory. Reading it again only takes longer. Does nothing where the system is not Linux.
    /// </summary>
    public void Release(long start, long length)
    {
        if (_view is null || length < SmallestRelease || !OperatingSystem.IsLinux())
        {
            return;
        }

        // Whole pages alone: those at the ends belong to the neighbours too, who may be reading them.
        nint page = Environment.SystemPageSize;
        nint first = ((nint)(_start + start) + page - 1) / page * page;
        nint end = (nint)(_start + start + length) / page * page;
        if (end > first)
        {
            _ = Advise((void*)first, (nuint)(end - first), DontNeed);
        }
    }

    /// <summary>Frees the mapping. Nobody may read any more.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_view is not null)
        {
            if (_start is not null)
            {
                _view.SafeMemoryMappedViewHandle.ReleasePointer();
            }

            _view.Dispose();
        }

        _file?.Dispose();
        if (_pin.IsAllocated)
        {
            _pin.Free();
            _pin = default;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
