using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace ClipFunctions.Checkpoints.Formats;

/// <summary>
/// A safetensors file: eight bytes of header length (little-endian), a JSON header with each tensor's type, shape and byte range,
/// then the bytes. The file is memory-mapped; every bound is checked when it is opened, by the rules of the format's own library:
/// the ranges follow one another without gap or overlap and end with the file.
/// </summary>
public sealed class SafetensorsFile : ICheckpoint
{
    /// <summary>The most bytes that a header may have.</summary>
    public const int MaximumHeaderBytes = 100_000_000;

    private const int MaximumDimensions = 32;
    private const string MetadataKey = "__metadata__";

    private readonly FileBytes _bytes;
    private readonly long _data;
    private readonly long _dataLength;
    private readonly Dictionary<string, long> _offsets = new(StringComparer.Ordinal);

    /// <summary>Reads the header; frees the bytes if it breaks a rule, and else when it is disposed.</summary>
    internal SafetensorsFile(FileBytes bytes)
    {
        _bytes = bytes;
        try
        {
            if (bytes.Length < sizeof(ulong))
            {
                throw Error(null, $"{bytes.Length} bytes are too few for a safetensors file: its header's length alone takes {sizeof(ulong)}.");
            }

            ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(0, sizeof(ulong)));
            if (headerLength > MaximumHeaderBytes)
            {
                throw Error("header", $"{headerLength} bytes are more than a header may have ({MaximumHeaderBytes}).");
            }

            if ((long)headerLength > bytes.Length - sizeof(ulong))
            {
                throw Error("header", $"expected {headerLength} bytes, but only {bytes.Length - sizeof(ulong)} follow.");
            }

            _data = sizeof(ulong) + (long)headerLength;
            _dataLength = bytes.Length - _data;
            Tensors = ReadHeader(bytes.Slice(sizeof(ulong), (long)headerLength));
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name => _bytes.Name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The strings of the header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private set; } = new Dictionary<string, string>();

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidCheckpointException">The file cannot be read or breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new SafetensorsFile(FileBytes.Map(path));
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long start, Span<float> destination)
    {
        TensorElements.CheckRead(this, tensor, start, destination.Length);
        TensorElements.Read(_bytes, _data + _offsets[tensor.Name] + (start * TensorElements.SizeOf(tensor.Type)), tensor.Type, destination);
    }

    /// <summary>Frees the mapping. Nobody may read any more.</summary>
    public void Dispose() => _bytes.Dispose();

    private static TensorType? ParseType(string? text) => text switch
    {
        "BOOL" => TensorType.Bool,
        "U8" => TensorType.U8,
        "I8" => TensorType.I8,
        "U16" => TensorType.U16,
        "I16" => TensorType.I16,
        "U32" => TensorType.U32,
        "I32" => TensorType.I32,
        "U64" => TensorType.U64,
        "I64" => TensorType.I64,
        "F16" => TensorType.F16,
        "BF16" => TensorType.BF16,
        "F32" => TensorType.F32,
        "F64" => TensorType.F64,
        _ => null,
    };

    private static long[] ReadNumbers(ref Utf8JsonReader reader, int most)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("expected an array.");
        }

        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw new JsonException($"expected a whole number of 0 or more, found {Encoding.UTF8.GetString(reader.ValueSpan)}.");
            }

            if (numbers.Count == most)
            {
                throw new JsonException($"more than {most} numbers.");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private InvalidCheckpointException Error(string? item, string problem, Exception? inner = null) => new(Name, item, problem, inner);

    private Dictionary<string, TensorInfo> ReadHeader(ReadOnlySpan<byte> header)
    {
        Dictionary<string, TensorInfo> tensors = new(StringComparer.Ordinal);
        List<(long Begin, long End, string Name)> ranges = [];
        string? item = "header";
        try
        {
            Utf8JsonReader reader = new(header, new JsonReaderOptions { MaxDepth = 4 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("expected an object.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                item = reader.GetString()!;
                if (item == MetadataKey)
                {
                    ReadMetadata(ref reader);
                    continue;
                }

                (TensorInfo tensor, long begin, long end) = ReadTensor(ref reader, item);
                if (!tensors.TryAdd(item, tensor))
                {
                    throw new JsonException("is there twice.");
                }

                ranges.Add((begin, end, item));
                _offsets[item] = begin;
            }

            item = "header";
            if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
            {
                throw new JsonException("expected the end of the header's object.");
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // GetString throws InvalidOperationException for text that is no valid UTF-8 or UTF-16.
            throw Error(item, exception.Message, exception);
        }

        ranges.Sort();
        long expected = 0;
        foreach ((long begin, long end, string name) in ranges)
        {
            if (begin != expected)
            {
                throw Error(name, $"data_offsets begin at {begin}, expected {expected}: a gap or an overlap.");
            }

            expected = end;
        }

        if (expected != _dataLength)
        {
            throw Error(null, $"the header speaks of {expected} bytes of data, the file holds {_dataLength}.");
        }

        return tensors;
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("expected an object of strings.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            {
                throw new JsonException($"'{key}' is no string.");
            }

            metadata[key] = reader.GetString()!;
        }

        Metadata = metadata;
    }

    private (TensorInfo Tensor, long Begin, long End) ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("expected an object.");
        }

        TensorType? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            switch (key)
            {
                case "dtype":
                    string? text = reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                    type = ParseType(text) ?? throw new JsonException($"dtype '{text}' is not known.");
                    break;
                case "shape":
                    shape = ReadNumbers(ref reader, MaximumDimensions);
                    break;
                case "data_offsets":
                    offsets = ReadNumbers(ref reader, 2);
                    break;
                default:
                    throw new JsonException($"'{key}' is not known; expected dtype, shape and data_offsets.");
            }
        }

        if (type is null || shape is null || offsets is not { Length: 2 })
        {
            throw new JsonException("expected dtype, shape and two data_offsets.");
        }

        (long begin, long end) = (offsets[0], offsets[1]);
        if (begin > end || end > _dataLength)
        {
            throw new JsonException($"data_offsets {begin} to {end} lie outside the {_dataLength} bytes of data.");
        }

        long count = TensorElements.Count(shape) ?? throw new JsonException($"shape [{string.Join(", ", shape)}] has too many elements.");
        long bytes = count * TensorElements.SizeOf(type.Value);
        if (bytes != end - begin)
        {
            throw new JsonException($"{type} [{string.Join(", ", shape)}] takes {bytes} bytes, data_offsets {begin} to {end} give {end - begin}.");
        }

        return (new TensorInfo(name, type.Value, shape), begin, end);
    }
}
