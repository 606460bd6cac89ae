namespace ClipFunctions.Checkpoints.Formats;

/// <summary>Named tensors of a weight file, read piece by piece and never as a whole. Reading is safe from several threads.</summary>
public interface ICheckpoint : IDisposable
{
    /// <summary>What to call the file in errors.</summary>
    string Name { get; }

    /// <summary>All tensors by name.</summary>
    IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Reads elements of a tensor in row-major order as 32-bit floats: F64 and integers are rounded, the others exact.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="start">The first element.</param>
    /// <param name="destination">Where they go; its length says how many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such elements.</exception>
    void Read(TensorInfo tensor, long start, Span<float> destination);
}
