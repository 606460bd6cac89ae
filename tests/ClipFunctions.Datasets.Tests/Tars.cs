using System.Formats.Tar;
using System.Text;

namespace ClipFunctions.Datasets.Tests;

/// <summary>Tars for tests, by System.Formats.Tar.</summary>
internal static class Tars
{
    public static byte[] Of(params (string Name, string Content)[] members) => Of(TarEntryFormat.Pax, [.. members.Select(member => (member.Name, Encoding.UTF8.GetBytes(member.Content)))]);

    public static byte[] Of(TarEntryFormat format, params (string Name, byte[] Content)[] members)
    {
        using MemoryStream tar = new();
        using (TarWriter writer = new(tar, format))
        {
            foreach ((string name, byte[] content) in members)
            {
                TarEntry entry = Entry(format, name);
                entry.DataStream = new MemoryStream(content);
                writer.WriteEntry(entry);
            }
        }

        return tar.ToArray();
    }

    public static TarEntry Entry(TarEntryFormat format, string name, TarEntryType type = TarEntryType.RegularFile) => format switch
    {
        TarEntryFormat.V7 => new V7TarEntry(type == TarEntryType.RegularFile ? TarEntryType.V7RegularFile : type, name),
        TarEntryFormat.Ustar => new UstarTarEntry(type, name),
        TarEntryFormat.Gnu => new GnuTarEntry(type, name),
        _ => new PaxTarEntry(type, name),
    };
}
