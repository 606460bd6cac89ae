using System.Runtime.InteropServices;

namespace ClipFunctions.Probe.Numerics;

/// <summary>Zeroed memory on a 64-byte boundary, outside the garbage collector's heap.</summary>
/// <typeparam name="T">The type of an element.</typeparam>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64;

    private T* _pointer;

    public NativeBuffer(long length)
    {
        Length = length;
        nuint bytes = checked((nuint)Math.Max(length, 1) * (nuint)sizeof(T));
        _pointer = (T*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(_pointer, bytes);
        GC.AddMemoryPressure((long)bytes);
    }

    ~NativeBuffer() => Free();

    public long Length { get; }

    public T* Pointer => _pointer;

    public Span<T> Span => new(_pointer, checked((int)Length));

    public void Clear() => NativeMemory.Clear(_pointer, (nuint)Length * (nuint)sizeof(T));

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer is not null)
        {
            NativeMemory.AlignedFree(_pointer);
            _pointer = null;
            GC.RemoveMemoryPressure(Math.Max(Length, 1) * sizeof(T));
        }
    }
}
