namespace ClipFunctions.Checkpoints.Formats.Torch;

/// <summary>A Python value that is harmless and of no use to us (a set, a device, a NumPy scalar): only its place is kept.</summary>
internal sealed class PickleOpaque
{
    private PickleOpaque()
    {
    }

    /// <summary>All of them are one.</summary>
    public static PickleOpaque Value { get; } = new();
}

/// <summary>A Python <c>dict</c> or <c>OrderedDict</c>, as the pickle wrote it: in order, duplicates kept.</summary>
internal sealed class PickleDictionary
{
    /// <summary>The items.</summary>
    public List<KeyValuePair<object?, object?>> Items { get; init; } = [];
}

/// <summary>An object of a TorchScript class (<c>__torch__.…</c>): a module, of which only the attributes are kept.</summary>
internal sealed class TorchScriptObject
{
    /// <summary>The attributes, in the order of the class.</summary>
    public PickleDictionary? Attributes { get; set; }
}

/// <summary>A storage that a pickle refers to by its persistent id: the bytes that tensors are views of.</summary>
/// <param name="Type">The type of its elements.</param>
/// <param name="Key">Which: the name under <c>data/</c>, or the key in the list of a legacy file.</param>
/// <param name="Count">How many elements the pickle says it has.</param>
/// <param name="ViewStart">The first element that is meant.</param>
/// <param name="ViewCount">How many are meant.</param>
internal sealed record StorageReference(TensorType Type, string Key, long Count, long ViewStart, long ViewCount);

/// <summary>A tensor as the pickle describes it, not yet checked against its storage.</summary>
/// <param name="Storage">The bytes.</param>
/// <param name="Type">The type of its elements, the storage's unless the pickle says otherwise.</param>
/// <param name="Offset">The first element.</param>
/// <param name="Sizes">The dimensions.</param>
/// <param name="Strides">By how many elements each dimension steps.</param>
internal sealed record TensorReference(StorageReference Storage, TensorType Type, object? Offset, object?[] Sizes, object?[] Strides);
