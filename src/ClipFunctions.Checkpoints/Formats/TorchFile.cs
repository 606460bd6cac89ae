using System.Buffers.Binary;
using System.Numerics;
using ClipFunctions.Checkpoints.Formats.Torch;

namespace ClipFunctions.Checkpoints.Formats;

/// <summary>
/// A file of PyTorch, read without Python. Three forms exist (PyTorch's serialization notes):
/// a zip archive by <c>torch.save</c> (since 1.6) or <c>torch.jit.save</c>, with a pickle <c>name/data.pkl</c> that describes the tensors and an
/// uncompressed entry <c>name/data/key</c> for each storage; and, before 1.6, five pickles (magic number, protocol, system, value, list of storage
/// keys) followed by the storages, each with its number of elements in front. The pickle may hold tensors and plain containers only;
/// whatever else it refers to is refused by name and nothing in it is ever run. The file is memory-mapped: tensors are read from it where they lie.
/// </summary>
/// <remarks>
/// The names are those of the state dict, which may stand under <c>state_dict</c>, <c>model_state_dict</c> or <c>model</c>, or the attribute paths of a
/// TorchScript module; a <c>module.</c> before every name is taken off. Devices are ignored. Tensors may be views: transposed, sliced, expanded, shared.
/// </remarks>
public sealed class TorchFile : ICheckpoint
{
    private const string PickleName = "data.pkl";
    private const string ByteOrderName = "byteorder";
    private const int LongestByteOrder = 16;
    private const long LegacyProtocol = 1001;

    // 0x1950a86a20f9469cfc6c: the first pickle of the legacy form.
    private static readonly BigInteger LegacyMagic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    private readonly FileBytes _bytes;
    private readonly Dictionary<string, StridedTensor> _views = new(StringComparer.Ordinal);

    /// <summary>Reads the pickle and checks every tensor against its storage; frees the bytes if one is wrong, and else when it is disposed.</summary>
    internal TorchFile(FileBytes bytes, bool keepPrefix = false)
    {
        _bytes = bytes;
        try
        {
            if (IsZip(bytes))
            {
                ReadArchive(keepPrefix);
            }
            else
            {
                ReadLegacy(keepPrefix);
            }

            Tensors = _views.ToDictionary(pair => pair.Key, pair => pair.Value.Info, StringComparer.Ordinal);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private delegate (long Offset, long Length) FindStorage(StorageReference storage, string tensor);

    /// <inheritdoc/>
    public string Name => _bytes.Name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Opens a file and checks all that it says of its tensors.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidCheckpointException">The file cannot be read, breaks a rule of the format, or holds something else than tensors and plain containers.</exception>
    public static TorchFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new TorchFile(FileBytes.Map(path));
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long start, Span<float> destination)
    {
        TensorElements.CheckRead(this, tensor, start, destination.Length);
        _views[tensor.Name].Read(_bytes, start, destination);
    }

    /// <summary>Frees the mapping. Nobody may read any more.</summary>
    public void Dispose() => _bytes.Dispose();

    internal static bool IsZip(FileBytes bytes)
        => bytes.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0, 4)) is 0x04034B50 or 0x06054B50;

    /// <summary>Whether the file begins with a pickle of protocol 2 or later, as the legacy form does.</summary>
    internal static bool IsPickle(FileBytes bytes)
        => bytes.Length >= 2 && bytes.Slice(0, 2) is [0x80, >= 2 and <= 5];

    private InvalidCheckpointException Error(string? item, string problem) => new(Name, item, problem);

    private void ReadArchive(bool keepPrefix)
    {
        ZipDirectory zip = new(_bytes);
        ZipEntry[] pickles = [.. zip.Entries.Values.Where(entry => entry.Name.EndsWith($"/{PickleName}", StringComparison.Ordinal) && entry.Name.IndexOf('/', StringComparison.Ordinal) == entry.Name.Length - PickleName.Length - 1)];
        if (pickles.Length != 1)
        {
            throw Error(null, $"a zip archive with {pickles.Length} entries <name>/{PickleName}, expected one, as torch.save and torch.jit.save write it; it begins with {string.Join(", ", zip.Entries.Keys.Take(4))}.");
        }

        string folder = pickles[0].Name[..^PickleName.Length];
        if (zip.Entries.TryGetValue(folder + ByteOrderName, out ZipEntry? order) && !zip.ReadSmall(order, LongestByteOrder).SequenceEqual("little"u8))
        {
            throw Error(order.Name, "the file is not little-endian; save it on a little-endian machine.");
        }

        ReadOnlySpan<byte> pickle = zip.ReadSmall(pickles[0], Unpickler.MaximumBytes);
        Unpickler unpickler = new(pickle, Name, pickles[0].Name);
        object? root = unpickler.Load();
        if (unpickler.Length != pickle.Length)
        {
            throw Error(pickles[0].Name, $"the pickle ends at byte {unpickler.Length} of {pickle.Length}.");
        }

        AddTensors(StateDictionary.Find(root, keepPrefix, pickle.Length, Name), (storage, tensor) =>
        {
            string name = $"{folder}data/{storage.Key}";
            if (!zip.Entries.TryGetValue(name, out ZipEntry? entry))
            {
                throw Error(tensor, $"its storage {name} is not in the archive.");
            }

            if (entry.Method != ZipEntry.Stored)
            {
                throw Error(tensor, $"its storage {name} is compressed; PyTorch stores them as they are. Unpack the archive and pack it again without compression.");
            }

            // PyTorch counts whole elements, so a few bytes may be left over.
            Int128 expected = (Int128)storage.Count * TensorElements.SizeOf(storage.Type);
            return entry.Size >= expected && entry.Size < expected + TensorElements.SizeOf(storage.Type)
                ? (entry.DataOffset, (long)expected)
                : throw Error(tensor, $"its storage {name} has {entry.Size} bytes; {storage.Count} elements of {storage.Type} take {expected}.");
        });
    }

    private void ReadLegacy(bool keepPrefix)
    {
        long position = 0;
        if (ReadPickle("magic number", ref position, out _) is not BigInteger magic || magic != LegacyMagic)
        {
            throw Error(null, "it is a pickle, but not one that torch.save wrote.");
        }

        if (ReadPickle("protocol", ref position, out _) is not LegacyProtocol)
        {
            throw Error(null, $"it is not of torch.save's protocol {LegacyProtocol}.");
        }

        if (ReadPickle("system", ref position, out _) is not PickleDictionary system || !system.Items.Any(item => item is { Key: "little_endian", Value: true }))
        {
            throw Error(null, "the file does not say that it is little-endian; save it on a little-endian machine.");
        }

        long before = position;
        object? root = ReadPickle("value", ref position, out Dictionary<string, StorageReference> storages);
        long pickleLength = position - before;
        object? keys = ReadPickle("storage keys", ref position, out _);
        Dictionary<string, (long Offset, long Length)> extents = FindStorages(keys as List<object?> ?? throw Error("storage keys", "is no list."), storages, position);
        AddTensors(StateDictionary.Find(root, keepPrefix, pickleLength, Name), (storage, tensor) => extents.TryGetValue(storage.Key, out (long Offset, long Length) extent)
            ? extent
            : throw Error(tensor, $"its storage {storage.Key} is not in the file."));
    }

    private object? ReadPickle(string item, ref long position, out Dictionary<string, StorageReference> storages)
    {
        Unpickler unpickler = new(_bytes.Slice(position, Math.Min(_bytes.Length - position, Unpickler.MaximumBytes)), Name, item);
        object? value = unpickler.Load();
        position += unpickler.Length;
        storages = unpickler.Storages;
        return value;
    }

    private Dictionary<string, (long Offset, long Length)> FindStorages(List<object?> keys, Dictionary<string, StorageReference> storages, long position)
    {
        Dictionary<string, (long Offset, long Length)> extents = new(StringComparer.Ordinal);
        foreach (object? item in keys)
        {
            if (item is not string key || !storages.TryGetValue(key, out StorageReference? storage))
            {
                throw Error("storage keys", $"'{item as string ?? "?"}' is no storage of the value.");
            }

            if (_bytes.Length - position < sizeof(long))
            {
                throw Error($"storage {key}", "the file ends before it.");
            }

            long count = BinaryPrimitives.ReadInt64LittleEndian(_bytes.Slice(position, sizeof(long)));
            position += sizeof(long);
            if (count != storage.Count)
            {
                throw Error($"storage {key}", $"has {count} elements, the pickle says {storage.Count}.");
            }

            Int128 length = (Int128)count * TensorElements.SizeOf(storage.Type);
            if (length > _bytes.Length - position)
            {
                throw Error($"storage {key}", $"takes {length} bytes, {_bytes.Length - position} are left.");
            }

            if (!extents.TryAdd(key, (position, (long)length)))
            {
                throw Error($"storage {key}", "is there twice.");
            }

            position += (long)length;
        }

        return position == _bytes.Length ? extents : throw Error(null, $"{_bytes.Length - position} bytes follow the last storage.");
    }

    private void AddTensors(Dictionary<string, TensorReference> tensors, FindStorage find)
    {
        foreach ((string name, TensorReference tensor) in tensors)
        {
            StorageReference storage = tensor.Storage;
            (long offset, _) = find(storage, name);
            int size = TensorElements.SizeOf(storage.Type);
            _views.Add(name, StridedTensor.Create(name, tensor, offset + (storage.ViewStart * size), storage.ViewCount * size, _bytes));
        }
    }
}
