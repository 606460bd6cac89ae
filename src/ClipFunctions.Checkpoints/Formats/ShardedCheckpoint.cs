using System.Text.Json;

namespace ClipFunctions.Checkpoints.Formats;

/// <summary>
/// A checkpoint in several files, by its index: a JSON object whose <c>weight_map</c> says in which file beside it each tensor is
/// (<c>model.safetensors.index.json</c>, <c>pytorch_model.bin.index.json</c>). Index and shards must agree to the last tensor.
/// </summary>
internal sealed class ShardedCheckpoint : ICheckpoint
{
    private const string MapKey = "weight_map";
    private const int MaximumIndexBytes = 16 << 20;
    private const int MaximumShards = 1000;
    private const int MaximumDepth = 32;

    private readonly List<ICheckpoint> _shards = [];
    private readonly Dictionary<string, ICheckpoint> _owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);

    private ShardedCheckpoint(string path, Dictionary<string, string> map)
    {
        Name = path;
        try
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            foreach (string file in map.Values.Distinct(StringComparer.Ordinal))
            {
                if (_shards.Count == MaximumShards)
                {
                    throw Error(MapKey, $"it names more than {MaximumShards} files.");
                }

                AddShard(folder, file, map);
            }

            if (map.FirstOrDefault(pair => !_tensors.ContainsKey(pair.Key)) is { Key: { } missing } pair)
            {
                throw Error(missing, $"is not in {pair.Value}, where the index says it is.");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>Opens the index and every shard.</summary>
    /// <param name="path">The index.</param>
    /// <param name="bytes">Its bytes; they are freed.</param>
    /// <exception cref="InvalidCheckpointException">The index is none, a shard cannot be read, or they disagree.</exception>
    public static ShardedCheckpoint Open(string path, FileBytes bytes)
    {
        using (bytes)
        {
            return new ShardedCheckpoint(path, ReadMap(bytes));
        }
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long start, Span<float> destination)
    {
        TensorElements.CheckRead(this, tensor, start, destination.Length);
        _owners[tensor.Name].Read(tensor, start, destination);
    }

    /// <summary>Frees the mappings of all shards. Nobody may read any more.</summary>
    public void Dispose()
    {
        foreach (ICheckpoint shard in _shards)
        {
            shard.Dispose();
        }
    }

    private static Dictionary<string, string> ReadMap(FileBytes bytes)
    {
        if (bytes.Length > MaximumIndexBytes)
        {
            throw new InvalidCheckpointException(bytes.Name, null, $"a JSON file of {bytes.Length} bytes; an index may have {MaximumIndexBytes}.");
        }

        Dictionary<string, string>? map = null;
        string? item = null;
        try
        {
            ReadOnlySpan<byte> json = bytes.Slice(0, bytes.Length);
            Utf8JsonReader reader = new(json.StartsWith("\uFEFF"u8) ? json[3..] : json, new JsonReaderOptions { MaxDepth = MaximumDepth });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                item = reader.GetString();
                if (item == MapKey)
                {
                    map = map is null ? ReadEntries(ref reader) : throw new JsonException("is there twice.");
                }
                else
                {
                    reader.Skip();
                }
            }

            // What follows the object makes the reader throw.
            reader.Read();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidCheckpointException(bytes.Name, item, exception.Message, exception);
        }

        return map is { Count: > 0 }
            ? map
            : throw new InvalidCheckpointException(bytes.Name, null, $"a JSON file, but no index of a sharded checkpoint: it has no {MapKey} with tensors. Take the weight file itself.");
    }

    private static Dictionary<string, string> ReadEntries(ref Utf8JsonReader reader)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("expected an object of tensor names and file names.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string tensor = reader.GetString()!;
            string? file = reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            if (file is null || !IsPlainFileName(file))
            {
                throw new JsonException($"'{tensor}' is in '{file}', which is no plain file name; shards stand beside their index.");
            }

            if (!map.TryAdd(tensor, file))
            {
                throw new JsonException($"'{tensor}' is there twice.");
            }
        }

        return map;
    }

    private static bool IsPlainFileName(string name)
        => name is not ("" or "." or "..") && name.Length <= 255 && !name.Any(character => character is '/' or '\\' or ':' || char.IsControl(character));

    private InvalidCheckpointException Error(string? item, string problem) => new(Name, item, problem);

    private void AddShard(string folder, string file, Dictionary<string, string> map)
    {
        ICheckpoint shard = CheckpointFile.Open(FileBytes.Map(Path.Combine(folder, file)), keepPrefix: true);
        _shards.Add(shard);
        foreach (TensorInfo tensor in shard.Tensors.Values)
        {
            if (!map.TryGetValue(tensor.Name, out string? expected) || expected != file)
            {
                throw Error(tensor.Name, expected is null ? $"is in {file}, but not in the index." : $"is in {file}, but the index says {expected}.");
            }

            _tensors.Add(tensor.Name, tensor);
            _owners.Add(tensor.Name, shard);
        }
    }
}
