using System.Runtime.InteropServices;

namespace ClipFunctions.Testing;

/// <summary>One NumPy array: its type, shape and little-endian C-order bytes.</summary>
/// <param name="Type">NumPy's type string, such as <c>|u1</c> or <c>&lt;f4</c>.</param>
/// <param name="Shape">The lengths of its axes; empty for a scalar.</param>
/// <param name="Data">The elements.</param>
public sealed record NpyArray(string Type, IReadOnlyList<int> Shape, byte[] Data)
{
    /// <summary>The elements as <typeparamref name="T"/>.</summary>
    /// <typeparam name="T">The type that <see cref="Type"/> names; its size is checked.</typeparam>
    /// <exception cref="InvalidOperationException">The size of <typeparamref name="T"/> is not that of the elements.</exception>
    public ReadOnlySpan<T> As<T>()
        where T : unmanaged
    {
        int size = int.Parse(Type.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture);
        return size == Marshal.SizeOf<T>() || (typeof(T) == typeof(Half) && size == 2)
            ? MemoryMarshal.Cast<byte, T>(Data)
            : throw new InvalidOperationException($"The array holds {Type}, not {typeof(T).Name}.");
    }
}
