using System.IO.MemoryMappedFiles;
using ClipFunctions.Probe.Arrays;

namespace ClipFunctions.Probe.Features;

/// <summary>Features in a memory-mapped <c>.npy</c> file.</summary>
internal sealed unsafe class MappedFeatures : FeatureMatrix
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _data;

    private MappedFeatures(MemoryMappedFile file, MemoryMappedViewAccessor view, byte* data, int count, int dimension)
        : base(count, dimension)
    {
        _file = file;
        _view = view;
        _data = data;
    }

    public static MappedFeatures Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Mapped features are little-endian, this machine is not.");
        }

        long offset;
        int count, dimension;
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        NpyHeader header = NpyHeader.Read(stream);
        if (header.Type != "<f4" || header.FortranOrder || header.Shape.Count != 2)
        {
            throw new InvalidDataException(Text($"'{path}' holds {header}; features are '<f4' of shape (n, d) in C order."));
        }

        offset = stream.Position;
        (long rows, long columns) = (header.Shape[0], header.Shape[1]);
        if (columns is < 1 or > int.MaxValue || rows > int.MaxValue || stream.Length - offset != (Int128)rows * columns * sizeof(float))
        {
            throw new InvalidDataException(Text($"'{path}' has {stream.Length - offset} bytes of numbers, which do not fit its shape ({rows}, {columns})."));
        }

        (count, dimension) = ((int)rows, (int)columns);
        MemoryMappedFile file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        MemoryMappedViewAccessor? view = null;
        try
        {
            view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            return new MappedFeatures(file, view, start + view.PointerOffset + offset, count, dimension);
        }
        catch
        {
            view?.Dispose();
            file.Dispose();
            throw;
        }
    }

    internal override ReadOnlySpan<float> Read(int first, int count, Span<float> scratch)
    {
        ObjectDisposedException.ThrowIf(_data is null, this);
        return new ReadOnlySpan<float>((float*)_data + ((long)first * Dimension), count * Dimension);
    }

    private protected override void Free()
    {
        if (_data is not null)
        {
            _data = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }
}
