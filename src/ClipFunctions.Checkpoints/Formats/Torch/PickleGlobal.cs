using System.Collections.Frozen;

namespace ClipFunctions.Checkpoints.Formats.Torch;

/// <summary>What a pickle may do with a name from a Python module.</summary>
internal enum PickleGlobalKind
{
    /// <summary>A storage's type, an argument only.</summary>
    StorageType,

    /// <summary>An element type, an argument only.</summary>
    ElementType,

    /// <summary>A TorchScript class: made with no arguments, filled with attributes.</summary>
    TorchScriptClass,

    /// <summary><c>collections.OrderedDict</c>.</summary>
    OrderedDictionary,

    /// <summary><c>(storage, offset, size, stride)</c>, then nothing that is read.</summary>
    RebuildTensor,

    /// <summary><c>(storage, offset, size, stride, requires_grad, hooks, dtype)</c>.</summary>
    RebuildTensorOfType,

    /// <summary>Gives its first argument.</summary>
    FirstArgument,

    /// <summary>Gives a value that is not read.</summary>
    Opaque,
}

/// <summary>
/// A name that pickles of tensors and plain containers refer to. There are no others: a name that is not here is refused, and none of these runs
/// any code. The list is what PyTorch's own savers write (<c>torch.save</c> of a state dict, <c>torch.jit.save</c>), plus the plain values that
/// training scripts put beside it.
/// </summary>
/// <param name="Kind">What may be done with it.</param>
/// <param name="Name">Module and name.</param>
/// <param name="Type">The element type, of a storage's type or an element type.</param>
internal sealed record PickleGlobal(PickleGlobalKind Kind, string Name, TensorType? Type = null)
{
    private const string TorchScriptModule = "__torch__";
    private const int LongestKnown = 100;

    // All of them are one, so that a pickle cannot make us keep their names.
    private static readonly PickleGlobal TorchScriptClass = new(PickleGlobalKind.TorchScriptClass, $"a class of {TorchScriptModule}");
    private static readonly FrozenDictionary<string, PickleGlobal> Known = All().ToFrozenDictionary(global => global.Name, StringComparer.Ordinal);

    /// <summary>Looks a name up; null if it is refused.</summary>
    public static PickleGlobal? Find(string module, string name)
    {
        if (module == TorchScriptModule || module.StartsWith($"{TorchScriptModule}.", StringComparison.Ordinal))
        {
            return TorchScriptClass;
        }

        return module.Length + name.Length > LongestKnown ? null : Known.GetValueOrDefault($"{module}.{name}");
    }

    private static IEnumerable<PickleGlobal> All()
    {
        (string Name, TensorType Type)[] storages =
        [
            ("torch.FloatStorage", TensorType.F32),
            ("torch.HalfStorage", TensorType.F16),
            ("torch.BFloat16Storage", TensorType.BF16),
            ("torch.DoubleStorage", TensorType.F64),
            ("torch.LongStorage", TensorType.I64),
            ("torch.IntStorage", TensorType.I32),
            ("torch.ShortStorage", TensorType.I16),
            ("torch.CharStorage", TensorType.I8),
            ("torch.ByteStorage", TensorType.U8),
            ("torch.BoolStorage", TensorType.Bool),
            ("torch.UntypedStorage", TensorType.U8),
            ("torch.storage.UntypedStorage", TensorType.U8),
        ];
        (string Name, TensorType Type)[] types =
        [
            ("torch.float32", TensorType.F32),
            ("torch.float16", TensorType.F16),
            ("torch.bfloat16", TensorType.BF16),
            ("torch.float64", TensorType.F64),
            ("torch.int64", TensorType.I64),
            ("torch.int32", TensorType.I32),
            ("torch.int16", TensorType.I16),
            ("torch.int8", TensorType.I8),
            ("torch.uint64", TensorType.U64),
            ("torch.uint32", TensorType.U32),
            ("torch.uint16", TensorType.U16),
            ("torch.uint8", TensorType.U8),
            ("torch.bool", TensorType.Bool),
        ];
        (string Name, PickleGlobalKind Kind)[] callables =
        [
            ("collections.OrderedDict", PickleGlobalKind.OrderedDictionary),
            ("torch._utils._rebuild_tensor", PickleGlobalKind.RebuildTensor),
            ("torch._utils._rebuild_tensor_v2", PickleGlobalKind.RebuildTensor),
            ("torch._utils._rebuild_tensor_v3", PickleGlobalKind.RebuildTensorOfType),
            ("torch._utils._rebuild_parameter", PickleGlobalKind.FirstArgument),
            ("torch._utils._rebuild_parameter_with_state", PickleGlobalKind.FirstArgument),
            ("torch.Size", PickleGlobalKind.FirstArgument),
            ("torch.jit._pickle.build_intlist", PickleGlobalKind.FirstArgument),
            ("torch.jit._pickle.build_doublelist", PickleGlobalKind.FirstArgument),
            ("torch.jit._pickle.build_boollist", PickleGlobalKind.FirstArgument),
            ("torch.jit._pickle.build_tensorlist", PickleGlobalKind.FirstArgument),
            ("torch.jit._pickle.restore_type_tag", PickleGlobalKind.FirstArgument),
            ("torch.device", PickleGlobalKind.Opaque),
            ("numpy.dtype", PickleGlobalKind.Opaque),
            ("numpy.core.multiarray.scalar", PickleGlobalKind.Opaque),
            ("numpy._core.multiarray.scalar", PickleGlobalKind.Opaque),
            ("_codecs.encode", PickleGlobalKind.Opaque),
            ("builtins.set", PickleGlobalKind.Opaque),
            ("builtins.frozenset", PickleGlobalKind.Opaque),
            ("builtins.complex", PickleGlobalKind.Opaque),
            ("builtins.bytearray", PickleGlobalKind.Opaque),
            ("__builtin__.set", PickleGlobalKind.Opaque),
            ("__builtin__.frozenset", PickleGlobalKind.Opaque),
            ("__builtin__.complex", PickleGlobalKind.Opaque),
            ("__builtin__.bytearray", PickleGlobalKind.Opaque),
        ];
        return
        [
            .. storages.Select(storage => new PickleGlobal(PickleGlobalKind.StorageType, storage.Name, storage.Type)),
            .. types.Select(type => new PickleGlobal(PickleGlobalKind.ElementType, type.Name, type.Type)),
            .. callables.Select(callable => new PickleGlobal(callable.Kind, callable.Name)),
        ];
    }
}
