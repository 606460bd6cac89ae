namespace ClipFunctions.Checkpoints.Tests.Formats;

/// <summary>Writes the form that torch.save had before 1.6.</summary>
public static class LegacyWriter
{
    private static readonly byte[] Magic = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];

    public static byte[] Write(byte[] value, params (string Key, long Count, byte[] Data)[] storages) => Write(value, littleEndian: true, protocol: 1001, storages);

    public static byte[] Write(byte[] value, bool littleEndian, long protocol, params (string Key, long Count, byte[] Data)[] storages)
    {
        PickleWriter writer = new PickleWriter().Raw(Magic)
            .Raw(PickleWriter.Of(pickle => pickle.Number(protocol)))
            .Raw(PickleWriter.Of(pickle => pickle.Dictionary(
                ("protocol_version", inner => inner.Number(protocol)),
                ("little_endian", inner => inner.Raw((byte)(littleEndian ? 0x88 : 0x89))),
                ("type_sizes", inner => inner.Dictionary(("int", size => size.Number(4)))))))
            .Raw(value)
            .Raw(PickleWriter.Of(pickle =>
            {
                pickle.Text("](");
                foreach ((string key, _, _) in storages)
                {
                    pickle.Word(key);
                }

                pickle.Raw('e');
            }));
        foreach ((_, long count, byte[] data) in storages)
        {
            writer.EightBytes(count).Raw(data);
        }

        return writer.ToArray();
    }
}
