using System.Buffers.Binary;
using System.Text;

namespace ClipFunctions.Checkpoints.Tests.Formats;

/// <summary>Writes a pickle opcode by opcode, valid or not.</summary>
public sealed class PickleWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>A pickle of protocol 2 with one value.</summary>
    public static byte[] Of(Action<PickleWriter> value)
    {
        PickleWriter writer = new PickleWriter().Raw(0x80, 2);
        value(writer);
        return writer.Raw('.').ToArray();
    }

    /// <summary>The pickle of a state dict.</summary>
    public static byte[] StateDictionary(params TorchTensor[] tensors) => Of(pickle => pickle.Dictionary([.. tensors.Select(tensor => (tensor.Name, (Action<PickleWriter>)(inner => inner.Tensor(tensor))))]));

    public byte[] ToArray() => [.. _bytes];

    public PickleWriter Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleWriter Raw(char opcode) => Raw((byte)opcode);

    public PickleWriter Repeat(int count, Action<PickleWriter> part)
    {
        for (int i = 0; i < count; i++)
        {
            part(this);
        }

        return this;
    }

    public PickleWriter Text(string text) => Raw(Encoding.UTF8.GetBytes(text));

    public PickleWriter Global(string module, string name) => Text($"c{module}\n{name}\n");

    public PickleWriter StackGlobal(string module, string name) => Word(module).Word(name).Raw(0x93);

    public PickleWriter Word(string value)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(value);
        return Raw('X').FourBytes(utf8.Length).Raw(utf8);
    }

    public PickleWriter FourBytes(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public PickleWriter EightBytes(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public PickleWriter Number(long value) => value switch
    {
        >= 0 and < 256 => Raw((byte)'K', (byte)value),
        >= int.MinValue and <= int.MaxValue => Raw('J').FourBytes((int)value),
        _ => Raw(0x8A, 8).EightBytes(value),
    };

    public PickleWriter Tuple(params long[] values)
    {
        Raw('(');
        foreach (long value in values)
        {
            Number(value);
        }

        return Raw('t');
    }

    public PickleWriter Dictionary(params (string Key, Action<PickleWriter> Value)[] items)
    {
        Text("}(");
        foreach ((string key, Action<PickleWriter> value) in items)
        {
            Word(key);
            value(this);
        }

        return Raw('u');
    }

    public PickleWriter EmptyOrdered() => Global("collections", "OrderedDict").Text(")R");

    public PickleWriter StorageId(TorchTensor tensor) => Raw('(').Word("storage").Global("torch", tensor.StorageType).Word(tensor.Key).Word("cuda:0").Number(tensor.StorageCount).Text("tQ");

    public PickleWriter Tensor(TorchTensor tensor)
        => Global("torch._utils", "_rebuild_tensor_v2").Raw('(').StorageId(tensor).Number(tensor.Offset).Tuple(tensor.Sizes).Tuple(tensor.Strides).Raw(0x89).EmptyOrdered().Text("tR");

    /// <summary>A TorchScript module with these attributes.</summary>
    public PickleWriter Module(string type, params (string Key, Action<PickleWriter> Value)[] attributes)
        => Global($"__torch__.{type}", "Class").Raw((byte)')', 0x81).Dictionary(attributes).Raw('b');
}
