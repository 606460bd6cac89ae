using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Text;

namespace ClipFunctions.Checkpoints.Formats.Torch;

/// <summary>
/// Reads one Python pickle (protocols 0 to 5) that holds tensors and plain containers only. A pickle is a program for a stack machine that may
/// call anything in Python; here a name that is not in <see cref="PickleGlobal"/> ends it, and nothing is ever called. There is no recursion; what it
/// allocates is bounded by the pickle's length, because every opcode makes at most one small object and none copies a container.
/// </summary>
internal ref struct Unpickler
{
    /// <summary>The most bytes of a pickle; a CLIP model of 2.5 billion parameters with its optimizer takes about one million.</summary>
    public const int MaximumBytes = 16 << 20;

    /// <summary>The most opcodes.</summary>
    public const int MaximumOpcodes = 2_000_000;

    private const int MaximumProtocol = 5;
    private const int LongestName = 1024;
    private const int LongestInteger = 64;
    private const int LongestIntegerText = 25;

    private readonly ReadOnlySpan<byte> _pickle;
    private readonly string _source;
    private readonly string _item;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private object?[] _memo = [];
    private int _memoized;
    private int _position;
    private int _opcodeAt;

    /// <summary>Creates the reader.</summary>
    /// <param name="pickle">The bytes; there may be others behind the pickle.</param>
    /// <param name="source">The file, for errors.</param>
    /// <param name="item">The pickle's name in it, for errors.</param>
    public Unpickler(ReadOnlySpan<byte> pickle, string source, string item)
    {
        _pickle = pickle;
        _source = source;
        _item = item;
    }

    /// <summary>The storages that the pickle referred to, by key.</summary>
    public Dictionary<string, StorageReference> Storages { get; } = new(StringComparer.Ordinal);

    /// <summary>How many bytes the pickle has; known when it has been read.</summary>
    public readonly int Length => _position;

    /// <summary>Reads the pickle.</summary>
    /// <returns>
    /// null, <see cref="bool"/>, <see cref="long"/>, <see cref="BigInteger"/>, <see cref="double"/>, <see cref="string"/>, <c>object?[]</c> (a tuple), <c>List&lt;object?&gt;</c>,
    /// <see cref="PickleDictionary"/>, <see cref="TensorReference"/>, <see cref="StorageReference"/>, <see cref="TorchScriptObject"/>, <see cref="PickleGlobal"/> or <see cref="PickleOpaque"/>.
    /// </returns>
    /// <exception cref="InvalidCheckpointException">It is no pickle, too large, or holds something else than tensors and plain containers.</exception>
    public object? Load()
    {
        for (int opcodes = 0; opcodes < MaximumOpcodes; opcodes++)
        {
            _opcodeAt = _position;
            byte opcode = ReadByte();
            if (opcode == '.')
            {
                return _stack.Count == 1 && _marks.Count == 0
                    ? _stack[0]
                    : throw Error($"it ends with {_stack.Count} values and {_marks.Count} marks on its stack, expected one value.");
            }

            Execute(opcode);
        }

        throw Error($"it has more than {MaximumOpcodes} opcodes.");
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            // Numbers, strings and other plain values.
            case (byte)'N':
                Push(null);
                break;
            case 0x88:
                Push(true);
                break;
            case 0x89:
                Push(false);
                break;
            case (byte)'K':
                Push((long)ReadByte());
                break;
            case (byte)'M':
                Push((long)BinaryPrimitives.ReadUInt16LittleEndian(ReadBytes(2)));
                break;
            case (byte)'J':
                Push((long)BinaryPrimitives.ReadInt32LittleEndian(ReadBytes(4)));
                break;
            case 0x8A:
                PushInteger(ReadBytes(ReadByte()));
                break;
            case 0x8B:
                PushInteger(ReadBytes(BinaryPrimitives.ReadInt32LittleEndian(ReadBytes(4))));
                break;
            case (byte)'I':
            case (byte)'L':
                PushIntegerText(ReadLine());
                break;
            case (byte)'G':
                Push(BinaryPrimitives.ReadDoubleBigEndian(ReadBytes(8)));
                break;
            case (byte)'F':
                ReadOnlySpan<byte> number = ReadLine();
                Push(Utf8Parser.TryParse(number, out double value, out int used) && used == number.Length ? value : throw Error("a number is none."));
                break;
            case (byte)'X':
                PushString(ReadBytes(BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4))));
                break;
            case 0x8C:
                PushString(ReadBytes(ReadByte()));
                break;
            case 0x8D:
                PushString(ReadBytes(ReadLength()));
                break;
            case (byte)'T':
                PushString(ReadBytes(BinaryPrimitives.ReadInt32LittleEndian(ReadBytes(4))));
                break;
            case (byte)'U':
                PushString(ReadBytes(ReadByte()));
                break;
            case (byte)'S':
                PushQuoted(ReadLine());
                break;
            case (byte)'V':
                PushEscapable(ReadLine());
                break;
            case (byte)'B':
                ReadBytes(BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4)));
                Push(PickleOpaque.Value);
                break;
            case (byte)'C':
                ReadBytes(ReadByte());
                Push(PickleOpaque.Value);
                break;
            case 0x8E:
            case 0x96:
                ReadBytes(ReadLength());
                Push(PickleOpaque.Value);
                break;

            // Containers.
            case (byte)')':
                Push(Array.Empty<object?>());
                break;
            case (byte)'t':
                Push(PopToMark());
                break;
            case 0x85:
            case 0x86:
            case 0x87:
                Push(PopMany(opcode - 0x84));
                break;
            case (byte)']':
                Push(new List<object?>());
                break;
            case (byte)'l':
                Push(new List<object?>(PopToMark()));
                break;
            case 0x8F:
                Push(PickleOpaque.Value);
                break;
            case 0x91:
                PopToMark();
                Push(PickleOpaque.Value);
                break;
            case (byte)'}':
                Push(new PickleDictionary());
                break;
            case (byte)'d':
                object?[] items = PopToMark();
                PickleDictionary dictionary = new();
                Add(dictionary, items);
                Push(dictionary);
                break;
            case (byte)'a':
                object? element = Pop();
                Peek<List<object?>>("append to").Add(element);
                break;
            case (byte)'e':
                object?[] elements = PopToMark();
                Peek<List<object?>>("append to").AddRange(elements);
                break;
            case 0x90:
                PopToMark();
                Peek<PickleOpaque>("add to");
                break;
            case (byte)'s':
                object?[] pair = PopMany(2);
                Add(Peek<PickleDictionary>("set an item of"), pair);
                break;
            case (byte)'u':
                object?[] pairs = PopToMark();
                Add(Peek<PickleDictionary>("set items of"), pairs);
                break;

            // The stack and the memo.
            case (byte)'(':
                _marks.Add(_stack.Count);
                break;
            case (byte)'0':
                // On a mark it takes the mark off, as Python does.
                if (_marks.Count > 0 && _marks[^1] == _stack.Count)
                {
                    _marks.RemoveAt(_marks.Count - 1);
                }
                else
                {
                    Pop();
                }

                break;
            case (byte)'1':
                PopToMark();
                break;
            case (byte)'2':
                Push(Peek());
                break;
            case (byte)'h':
                Push(Recall(ReadByte()));
                break;
            case (byte)'j':
                Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4))));
                break;
            case (byte)'g':
                Push(Recall(ReadIndex()));
                break;
            case (byte)'q':
                Memoize(ReadByte());
                break;
            case (byte)'r':
                Memoize(BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4)));
                break;
            case (byte)'p':
                Memoize(ReadIndex());
                break;
            case 0x94:
                Memoize(_memoized);
                break;

            // Names and what is done with them.
            case (byte)'c':
                ReadOnlySpan<byte> module = ReadLine();
                ReadOnlySpan<byte> name = ReadLine();
                PushGlobal(module, name);
                break;
            case 0x93:
                object?[] names = PopMany(2);
                Push(names is [string moduleName, string globalName] ? FindGlobal(moduleName, globalName) : throw Error("a name is no string."));
                break;
            case (byte)'R':
                object? arguments = Pop();
                object? callable = Pop();
                Push(Call(callable, arguments));
                break;
            case 0x81:
                object? classArguments = Pop();
                object? type = Pop();
                Push(Create(type, classArguments));
                break;
            case (byte)'b':
                object? state = Pop();
                Build(Peek(), state);
                break;
            case (byte)'Q':
                Push(ReferToStorage(Pop()));
                break;

            // The frame of the format itself.
            case 0x80:
                byte protocol = ReadByte();
                if (protocol > MaximumProtocol)
                {
                    throw Error($"it is of protocol {protocol}; 0 to {MaximumProtocol} are known.");
                }

                break;
            case 0x95:
                long frame = ReadLength();
                if (frame > _pickle.Length - _position)
                {
                    throw Error($"a frame of {frame} bytes, but only {_pickle.Length - _position} follow.");
                }

                break;

            // What tensors and plain containers never need.
            case (byte)'i':
                string instanceModule = Quote(ReadLine());
                throw Refused($"{instanceModule}.{Quote(ReadLine())}");
            case (byte)'o':
                object?[] parts = PopToMark();
                throw Refused(parts.Length > 0 ? Describe(parts[0]) : "an object of no class");
            case 0x92:
                throw Refused(Describe(PopMany(3)[0]));
            case (byte)'P':
                throw Refused($"the persistent id '{Quote(ReadLine())}'");
            case 0x82:
            case 0x83:
            case 0x84:
                throw Refused("an extension code of Python's copyreg");
            case 0x97:
            case 0x98:
                throw Refused("an out-of-band buffer");
            default:
                throw Error($"0x{opcode:X2} is no pickle opcode.");
        }
    }

    private static string Quote(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text[..Math.Min(text.Length, LongestName)]);

    private static string Describe(object? value) => value switch
    {
        null => "None",
        PickleGlobal global => global.Name,
        PickleDictionary => "a dict",
        List<object?> => "a list",
        object?[] => "a tuple",
        TensorReference => "a tensor",
        StorageReference => "a storage",
        TorchScriptObject => "a TorchScript object",
        PickleOpaque => "a plain value",
        string => "a string",
        bool => "a bool",
        _ => "a number",
    };

    private readonly InvalidCheckpointException Error(string problem) => new(_source, _item, $"at byte {_opcodeAt}: {problem}");

    private readonly InvalidCheckpointException Refused(string what)
        => Error($"it refers to {what}, which is neither a tensor nor a plain container, and code in a checkpoint is never run. Save the model's state_dict() alone, or take a safetensors file.");

    private byte ReadByte() => ReadBytes(1)[0];

    private ReadOnlySpan<byte> ReadBytes(long count)
    {
        if (count < 0 || count > _pickle.Length - _position)
        {
            throw Error($"{count} bytes expected, but only {_pickle.Length - _position} follow{(_pickle.Length == MaximumBytes ? $"; a pickle may have {MaximumBytes}" : "")}.");
        }

        ReadOnlySpan<byte> bytes = _pickle.Slice(_position, (int)count);
        _position += (int)count;
        return bytes;
    }

    private long ReadLength()
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(8));
        return length <= long.MaxValue ? (long)length : throw Error($"{length} bytes expected, but only {_pickle.Length - _position} follow.");
    }

    private ReadOnlySpan<byte> ReadLine()
    {
        int length = _pickle[_position..].IndexOf((byte)'\n');
        if (length < 0)
        {
            throw Error("a line does not end.");
        }

        ReadOnlySpan<byte> line = ReadBytes(length + 1)[..length];
        return line is [.., (byte)'\r'] ? line[..^1] : line;
    }

    private long ReadIndex()
    {
        ReadOnlySpan<byte> line = ReadLine();
        return Utf8Parser.TryParse(line, out uint index, out int used) && used == line.Length ? index : throw Error("an index of the memo is no number.");
    }

    private readonly void Push(object? value) => _stack.Add(value);

    private readonly void PushInteger(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LongestInteger)
        {
            throw Error($"an integer of {bytes.Length} bytes; {LongestInteger} are allowed.");
        }

        BigInteger value = new(bytes);
        if (value >= long.MinValue && value <= long.MaxValue)
        {
            Push((long)value);
        }
        else
        {
            Push(value);
        }
    }

    private readonly void PushIntegerText(ReadOnlySpan<byte> text)
    {
        // Protocol 1 writes False and True so.
        if (text.SequenceEqual("00"u8) || text.SequenceEqual("01"u8))
        {
            Push(text[1] == '1');
            return;
        }

        ReadOnlySpan<byte> digits = text is [.., (byte)'L'] ? text[..^1] : text;
        Push(digits.Length <= LongestIntegerText && Utf8Parser.TryParse(digits, out long value, out int used) && used == digits.Length
            ? value
            : throw Error("an integer is none, or too large."));
    }

    private readonly void PushString(ReadOnlySpan<byte> utf8) => Push(Encoding.UTF8.GetString(utf8));

    private readonly void PushQuoted(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2 || text[0] != text[^1] || text[0] is not ((byte)'\'' or (byte)'"'))
        {
            throw Error("a string is not quoted.");
        }

        PushEscapable(text[1..^1]);
    }

    private readonly void PushEscapable(ReadOnlySpan<byte> text)
    {
        // Escaped text is never a tensor's name, and nothing else is read.
        if (text.Contains((byte)'\\'))
        {
            Push(PickleOpaque.Value);
        }
        else
        {
            PushString(text);
        }
    }

    private readonly object? Pop()
    {
        if (_stack.Count <= (_marks.Count > 0 ? _marks[^1] : 0))
        {
            throw Error("its stack has run empty.");
        }

        object? value = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private readonly object?[] PopMany(int count)
    {
        object?[] values = new object?[count];
        while (count > 0)
        {
            values[--count] = Pop();
        }

        return values;
    }

    private readonly object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw Error("there is no mark on its stack.");
        }

        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        object?[] values = new object?[_stack.Count - mark];
        _stack.CopyTo(mark, values, 0, values.Length);
        _stack.RemoveRange(mark, values.Length);
        return values;
    }

    private readonly object? Peek()
    {
        object? value = Pop();
        Push(value);
        return value;
    }

    private readonly T Peek<T>(string purpose) where T : class
    {
        object? value = Peek();
        return value as T ?? throw Error($"it wants to {purpose} {Describe(value)}.");
    }

    private readonly void Add(PickleDictionary dictionary, object?[] items)
    {
        if (items.Length % 2 != 0)
        {
            throw Error("a key has no value.");
        }

        for (int i = 0; i < items.Length; i += 2)
        {
            dictionary.Items.Add(new KeyValuePair<object?, object?>(items[i], items[i + 1]));
        }
    }

    private void Memoize(long index)
    {
        // Picklers number from 0, one value an opcode, so an index is never as large as the pickle's length.
        if (index >= _pickle.Length)
        {
            throw Error($"{index} as an index of the memo of a pickle of {_pickle.Length} bytes.");
        }

        if (index >= _memo.Length)
        {
            Array.Resize(ref _memo, (int)Math.Min(_pickle.Length, Math.Max(index + 1, 2L * _memo.Length)));
        }

        _memoized += _memo[index] is null ? 1 : 0;
        _memo[index] = Peek() ?? PickleNone.Value;
    }

    private readonly object? Recall(long index)
    {
        object? value = index < _memo.Length ? _memo[index] : null;
        return value switch
        {
            null => throw Error($"the memo has no value {index}."),
            PickleNone => null,
            _ => value,
        };
    }

    private readonly void PushGlobal(ReadOnlySpan<byte> module, ReadOnlySpan<byte> name)
        => Push(FindGlobal(Quote(module), Quote(name)));

    private readonly PickleGlobal FindGlobal(string module, string name)
    {
        if (module.Length >= LongestName || name.Length >= LongestName)
        {
            throw Error($"a name has more than {LongestName} characters.");
        }

        return PickleGlobal.Find(module, name) ?? throw Refused($"{module}.{name}");
    }

    private readonly object? Call(object? callable, object? arguments)
    {
        if (callable is not PickleGlobal global)
        {
            throw Error($"it wants to call {Describe(callable)}.");
        }

        if (arguments is not object?[] values)
        {
            throw Error($"the arguments of {global.Name} are {Describe(arguments)}, expected a tuple.");
        }

        return global.Kind switch
        {
            PickleGlobalKind.OrderedDictionary => CreateOrdered(values),
            PickleGlobalKind.RebuildTensor => RebuildTensor(global, values, null),
            PickleGlobalKind.RebuildTensorOfType => values is [_, _, _, _, _, _, PickleGlobal { Kind: PickleGlobalKind.ElementType } type, ..]
                ? RebuildTensor(global, values, type.Type)
                : throw Error($"the seventh argument of {global.Name} is no element type."),
            PickleGlobalKind.FirstArgument => values.Length > 0 ? values[0] : throw Error($"{global.Name} has no arguments."),
            PickleGlobalKind.Opaque => PickleOpaque.Value,
            _ => throw Error($"it wants to call {global.Name}."),
        };
    }

    private readonly object Create(object? type, object? arguments) => (type, arguments) switch
    {
        (PickleGlobal { Kind: PickleGlobalKind.TorchScriptClass }, object?[] { Length: 0 }) => new TorchScriptObject(),
        (PickleGlobal { Kind: PickleGlobalKind.OrderedDictionary }, object?[] { Length: 0 }) => new PickleDictionary(),
        _ => throw Error($"it wants to create {Describe(type)} from {Describe(arguments)}."),
    };

    private readonly PickleDictionary CreateOrdered(object?[] arguments)
        => arguments.Length == 0 ? new PickleDictionary() : throw Error("an OrderedDict with arguments is not known; expected an empty one whose items are set.");

    private readonly void Build(object? target, object? state)
    {
        switch (target)
        {
            case TorchScriptObject { Attributes: null } module:
                // A state that is no dict belongs to a class with its own way of loading; it has no tensors under names.
                module.Attributes = state as PickleDictionary ?? new PickleDictionary();
                break;
            case PickleDictionary:
                // The attributes of an OrderedDict, such as a state dict's _metadata, hold no tensors.
                break;
            case PickleOpaque:
                break;
            default:
                throw Error($"it wants to set the state of {Describe(target)}.");
        }
    }

    private readonly TensorReference RebuildTensor(PickleGlobal global, object?[] values, TensorType? type)
    {
        if (values is not [StorageReference storage, object offset, object?[] sizes, object?[] strides, ..])
        {
            throw Error($"the arguments of {global.Name} are not a storage, an offset, sizes and strides.");
        }

        return new TensorReference(storage, type ?? storage.Type, offset, sizes, strides);
    }

    private readonly StorageReference ReferToStorage(object? id)
    {
        object?[] values = id as object?[] ?? throw Error($"a persistent id is {Describe(id)}, expected a tuple.");
        if (values is not ["storage", PickleGlobal { Kind: PickleGlobalKind.StorageType } type, string key, _, long count, ..] || count < 0 || values.Length > 6)
        {
            throw Error($"a persistent id of the kind '{(values is [string kind, ..] ? kind : "?")}' is not a storage of a known type with its key, device and length.");
        }

        (long start, long length) = (0, count);
        if (values is [.., object view] && values.Length == 6)
        {
            (start, length) = view is object?[] and [string, long viewStart, long viewLength]
                ? (viewStart, viewLength)
                : throw Error($"the view of storage {key} is not a key, an offset and a length.");
            if (start < 0 || length < 0 || start > count || length > count - start)
            {
                throw Error($"a view of {length} elements at {start} of storage {key}, which has {count}.");
            }
        }

        StorageReference storage = new(type.Type!.Value, key, count, start, length);
        if (!Storages.TryAdd(key, storage)
            && (Storages[key].Count, TensorElements.SizeOf(Storages[key].Type)) != (count, TensorElements.SizeOf(storage.Type)))
        {
            throw Error($"storage {key} is {Storages[key].Count} elements of {Storages[key].Type} and {count} of {storage.Type}.");
        }

        return storage;
    }

    private sealed class PickleNone
    {
        public static PickleNone Value { get; } = new();
    }
}
