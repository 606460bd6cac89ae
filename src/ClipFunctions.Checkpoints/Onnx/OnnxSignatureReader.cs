using System.Text;
using ClipFunctions.Checkpoints.Onnx.Proto;
using Google.Protobuf;

namespace ClipFunctions.Checkpoints.Onnx;

/// <summary>Reads the signature of an ONNX file and passes over its weights, so that nothing large is held in memory whatever the file says of itself.</summary>
internal sealed class OnnxSignatureReader : IDisposable
{
    private const int MaximumText = 1 << 16;
    private const int MaximumKept = 32 << 20;
    private const int MaximumExternalFiles = 256;
    private const int MaximumDepth = 16;

    // Field numbers of onnx.proto.
    private const int ModelGraph = 7;
    private const int ModelFunction = 25;
    private const int FunctionNode = 7;
    private const int GraphNode = 1;
    private const int GraphInitializer = 5;
    private const int GraphInput = 11;
    private const int GraphOutput = 12;
    private const int NodeAttribute = 5;
    private const int AttributeTensor = 5;
    private const int AttributeGraph = 6;
    private const int AttributeTensors = 10;
    private const int AttributeGraphs = 11;
    private const int TensorName = 8;
    private const int TensorExternalData = 13;

    private readonly string _path;
    private readonly BufferedStream _stream;
    private readonly CancellationToken _cancellationToken;
    private readonly long _length;
    private readonly List<ValueInfoProto> _inputs = [];
    private readonly List<ValueInfoProto> _outputs = [];
    private readonly HashSet<string> _constants = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _externalFiles = new(StringComparer.Ordinal);
    private long _position;
    private long _kept;

    private OnnxSignatureReader(string path, CancellationToken cancellationToken)
    {
        _path = path;
        _cancellationToken = cancellationToken;
        _stream = new BufferedStream(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1), 1 << 16);
        _length = _stream.Length;
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidCheckpointException">It cannot be read or is no ONNX file.</exception>
    public static OnnxSignature Read(string path, CancellationToken cancellationToken)
    {
        try
        {
            using OnnxSignatureReader reader = new(path, cancellationToken);
            return reader.Read();
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidCheckpointException(path, null, $"is no ONNX file: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidCheckpointException(path, null, $"cannot be read: {exception.Message}", exception);
        }
    }

    public void Dispose() => _stream.Dispose();

    private OnnxSignature Read()
    {
        bool found = false;
        Fields(_length, (field, end) =>
        {
            if (field == ModelGraph)
            {
                found = true;
                Graph(end, 0);
            }
            else if (field == ModelFunction)
            {
                Fields(end, (inner, innerEnd) =>
                {
                    if (inner == FunctionNode)
                    {
                        Node(innerEnd, 0);
                    }
                });
            }
        });
        return found
            ? new OnnxSignature([.. _inputs.Where(input => !_constants.Contains(input.Name))], _outputs, [.. _externalFiles])
            : throw Error("holds no graph: is it an ONNX file?");
    }

    private void Graph(long end, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw Error($"nests graphs deeper than {MaximumDepth}.");
        }

        Fields(end, (field, fieldEnd) =>
        {
            switch (field)
            {
                case GraphNode:
                    Node(fieldEnd, depth);
                    break;
                case GraphInitializer:
                    Tensor(fieldEnd, isConstant: depth == 0);
                    break;
                case GraphInput when depth == 0:
                    AddValue(_inputs, fieldEnd);
                    break;
                case GraphOutput when depth == 0:
                    AddValue(_outputs, fieldEnd);
                    break;
            }
        });
    }

    private void Node(long end, int depth) => Fields(end, (field, fieldEnd) =>
    {
        if (field != NodeAttribute)
        {
            return;
        }

        Fields(fieldEnd, (inner, innerEnd) =>
        {
            if (inner is AttributeTensor or AttributeTensors)
            {
                Tensor(innerEnd, isConstant: false);
            }
            else if (inner is AttributeGraph or AttributeGraphs)
            {
                Graph(innerEnd, depth + 1);
            }
        });
    });

    private void Tensor(long end, bool isConstant) => Fields(end, (field, fieldEnd) =>
    {
        if (field == TensorName && isConstant)
        {
            _constants.Add(Encoding.UTF8.GetString(Bytes(fieldEnd)));
        }
        else if (field == TensorExternalData)
        {
            StringStringEntryProto entry = StringStringEntryProto.Parser.ParseFrom(Bytes(fieldEnd));
            if (entry.Key == "location")
            {
                AddExternalFile(entry.Value);
            }
        }
    });

    private void AddExternalFile(string location)
    {
        string name = location.Replace('\\', '/');
        bool inside = name.Length is > 0 and <= 255 && !Path.IsPathRooted(name) && !name.Contains(':', StringComparison.Ordinal)
            && name.Split('/').All(part => part.Length > 0 && part is not ("." or ".."));
        if (!inside)
        {
            throw Error($"keeps constants in '{location}', which is no file below its folder.");
        }

        if (_externalFiles.Add(name) && _externalFiles.Count > MaximumExternalFiles)
        {
            throw Error($"keeps its constants in more than {MaximumExternalFiles} files.");
        }
    }

    private void AddValue(List<ValueInfoProto> values, long end) => values.Add(ValueInfoProto.Parser.ParseFrom(Bytes(end)));

    /// <summary>Goes through the fields of a message and hands on those that are messages or bytes; whatever is not read of them is passed over.</summary>
    private void Fields(long end, Action<int, long> handle)
    {
        while (_position < end)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            ulong tag = Varint(end);
            if (tag >> 3 is 0 or > (1 << 29) - 1)
            {
                throw Error($"has a field number {tag >> 3} at byte {_position}: no protocol buffer.");
            }

            switch (tag & 7)
            {
                case 0:
                    Varint(end);
                    break;
                case 1:
                    SkipTo(Bounded(8, end));
                    break;
                case 2:
                    ulong length = Varint(end);
                    long fieldEnd = Bounded(length, end);
                    handle((int)(tag >> 3), fieldEnd);
                    SkipTo(fieldEnd);
                    break;
                case 5:
                    SkipTo(Bounded(4, end));
                    break;
                default:
                    throw Error($"has a field of wire type {tag & 7} at byte {_position}: no protocol buffer.");
            }
        }
    }

    private long Bounded(ulong length, long end)
        => length <= (ulong)(end - _position) ? _position + (long)length : throw Error($"has a field of {length} bytes at byte {_position}, where {end - _position} are left.");

    private void SkipTo(long position)
    {
        if (position != _position)
        {
            _position = _stream.Seek(position, SeekOrigin.Begin);
        }
    }

    private byte[] Bytes(long end)
    {
        long count = end - _position;
        if (count > MaximumText)
        {
            throw Error($"has a name or shape of {count} bytes at byte {_position}; at most {MaximumText} may be.");
        }

        _kept += count;
        if (_kept > MaximumKept)
        {
            throw Error($"has names and shapes of more than {MaximumKept} bytes.");
        }

        byte[] bytes = new byte[count];
        _stream.ReadExactly(bytes);
        _position = end;
        return bytes;
    }

    private ulong Varint(long end)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64 && _position < end; shift += 7)
        {
            int b = _stream.ReadByte();
            if (b < 0)
            {
                break;
            }

            _position++;
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }

        throw Error($"ends within a number at byte {_position}.");
    }

    private InvalidCheckpointException Error(string problem) => new(_path, null, problem);
}
