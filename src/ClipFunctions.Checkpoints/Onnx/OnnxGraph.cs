using System.Runtime.InteropServices;
using ClipFunctions.Checkpoints.Onnx.Proto;
using Google.Protobuf;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Onnx;

/// <summary>
/// Builds a graph node by node, in the order of evaluation. Every value has one name; names follow from the order of the calls,
/// so that the same calls make the same bytes.
/// </summary>
internal sealed class OnnxGraph(string name)
{
    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    public const string Microsoft = "com.microsoft";

    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);
    private readonly HashSet<string> _initializerNames = new(StringComparer.Ordinal);

    public GraphProto Proto { get; } = new() { Name = name };

    public List<GraphTensor> Initializers { get; } = [];

    /// <summary>Declares an input; a dimension is a number or a name.</summary>
    public string Input(string inputName, DataType type, params object[] shape)
    {
        Proto.Input.Add(Value(inputName, type, shape));
        return inputName;
    }

    /// <summary>Declares an output: the value of that name must be made by a node.</summary>
    public void Output(string outputName, DataType type, params object[] shape) => Proto.Output.Add(Value(outputName, type, shape));

    /// <summary>Adds a node with one output and gives the output's name.</summary>
    public string Add(string op, IEnumerable<string> inputs, string? output = null, string domain = "", params (string Name, object Value)[] attributes)
        => AddMany(op, inputs, [output ?? Fresh(op)], domain, attributes)[0];

    /// <summary>Adds a node of ONNX Runtime's own domain with one output and gives the output's name.</summary>
    public string AddFused(string op, IEnumerable<string> inputs, params (string Name, object Value)[] attributes)
        => AddMany(op, inputs, [Fresh(op)], Microsoft, attributes)[0];

    /// <summary>Adds a node; an output with an empty name is not wanted.</summary>
    public string[] AddMany(string op, IEnumerable<string> inputs, string[] outputs, string domain, params (string Name, object Value)[] attributes)
    {
        NodeProto node = new() { OpType = op, Name = $"{outputs[0]}/{op}" };
        if (domain.Length > 0)
        {
            node.Domain = domain;
        }

        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Attribute.AddRange(attributes.Select(Attribute));
        Proto.Node.Add(node);
        return outputs;
    }

    /// <summary>A name that no value has yet.</summary>
    public string Fresh(string stem)
    {
        ref int uses = ref CollectionsMarshal.GetValueRefOrAddDefault(_uses, stem, out _);
        return $"{stem}.{uses++}";
    }

    /// <summary>Adds a constant, once: a second one of the same name is taken for the same.</summary>
    public string Constant(GraphTensor tensor)
    {
        if (_initializerNames.Add(tensor.Name))
        {
            Initializers.Add(tensor);
        }

        return tensor.Name;
    }

    /// <summary>A vector of whole numbers, as shapes and axes are.</summary>
    public string Integers(params long[] values)
    {
        string constant = $"int64[{string.Join(",", values)}]";
        return Constant(new GraphTensor(constant, DataType.Int64, [values.Length], (stream, _) => stream.Write(MemoryMarshal.AsBytes(values.AsSpan()))));
    }

    /// <summary>A whole number without dimensions.</summary>
    public string Integer(long value)
        => Constant(new GraphTensor($"int64:{value}", DataType.Int64, [], (stream, _) => stream.Write(MemoryMarshal.AsBytes<long>([value]))));

    /// <summary>A 32-bit float tensor.</summary>
    public string Floats(string constant, float[] values, params long[] shape)
        => Constant(new GraphTensor(constant, DataType.Float, shape, (stream, _) => stream.Write(MemoryMarshal.AsBytes(values.AsSpan()))));

    private static ValueInfoProto Value(string valueName, DataType type, object[] shape)
    {
        TypeProto.Types.Tensor tensor = new() { ElemType = (int)type, Shape = new TensorShapeProto() };
        foreach (object dimension in shape)
        {
            tensor.Shape.Dim.Add(dimension is string symbol
                ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                : new TensorShapeProto.Types.Dimension { DimValue = Convert.ToInt64(dimension, null) });
        }

        return new ValueInfoProto { Name = valueName, Type = new TypeProto { TensorType = tensor } };
    }

    private static AttributeProto Attribute((string Name, object Value) attribute)
    {
        AttributeProto proto = new() { Name = attribute.Name };
        switch (attribute.Value)
        {
            case float number:
                proto.F = number;
                proto.Type = AttributeProto.Types.AttributeType.Float;
                break;
            case int number:
                proto.I = number;
                proto.Type = AttributeProto.Types.AttributeType.Int;
                break;
            case string text:
                proto.S = ByteString.CopyFromUtf8(text);
                proto.Type = AttributeProto.Types.AttributeType.String;
                break;
            case long[] numbers:
                proto.Ints.AddRange(numbers);
                proto.Type = AttributeProto.Types.AttributeType.Ints;
                break;
            default:
                throw new ArgumentException($"{attribute.Name}: no attribute is of type {attribute.Value.GetType()}.", nameof(attribute));
        }

        return proto;
    }
}
