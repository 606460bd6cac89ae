namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>Reads the fields of a protocol buffer one after another.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message, string source)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The number of the field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>A field of whole numbers or truth values, and the bits of a 32-bit float.</summary>
    public ulong Number { get; private set; }

    /// <summary>A field of text, bytes or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    public readonly float Float => BitConverter.Int32BitsToSingle((int)Number);

    public readonly int Int32 => (int)Number;

    public readonly bool Bool => Number != 0;

    /// <summary>Goes to the next field; false at the end.</summary>
    public bool TryRead()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        ulong tag = Varint();
        Field = (int)Math.Min(tag >> 3, int.MaxValue);
        Number = 0;
        Bytes = default;
        switch (tag & 7)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Bytes = Take(8);
                break;
            case 2:
                Bytes = Take(Varint());
                break;
            case 5:
                Number = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw new InvalidVocabularyException(source, null, $"it is no SentencePiece model: field {Field} is of wire type {tag & 7}.");
        }

        return true;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64 && !_rest.IsEmpty; shift += 7)
        {
            byte b = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }

        throw new InvalidVocabularyException(source, null, "it is no SentencePiece model: it ends within a number.");
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length)
        {
            throw new InvalidVocabularyException(source, null, $"it is no SentencePiece model: field {Field} has {count} bytes, and {_rest.Length} are left.");
        }

        ReadOnlySpan<byte> taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }
}
