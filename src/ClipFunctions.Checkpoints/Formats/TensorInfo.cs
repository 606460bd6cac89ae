namespace ClipFunctions.Checkpoints.Formats;

/// <summary>A tensor of a checkpoint: what it is called, its type and shape.</summary>
public sealed class TensorInfo
{
    internal TensorInfo(string name, TensorType type, long[] shape)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Count = shape.Aggregate(1L, (product, dimension) => checked(product * dimension));
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its element type.</summary>
    public TensorType Type { get; }

    /// <summary>Its dimensions, outermost first; none for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The number of its elements.</summary>
    public long Count { get; }

    /// <summary>Name, type and shape.</summary>
    public override string ToString() => $"{Name}: {Type} [{string.Join(", ", Shape)}]";
}
