using System.Text;

namespace ClipFunctions.Testing.Hostile;

/// <summary>WebP files, chunk by chunk.</summary>
internal static class WebPFile
{
    /// <summary>A RIFF file of the chunks that are given.</summary>
    public static byte[] Make(params IEnumerable<(string Name, byte[] Data)> chunks)
    {
        ByteWriter body = new ByteWriter().Text("WEBP");
        foreach ((string name, byte[] data) in chunks)
        {
            body.Bytes(Encoding.ASCII.GetBytes(name)).Little32((uint)data.Length).Bytes(data).Repeat(0, data.Length & 1);
        }

        byte[] all = body.ToArray();
        return new ByteWriter().Text("RIFF").Little32((uint)all.Length).Bytes(all).ToArray();
    }

    /// <summary>The extended header.</summary>
    public static (string Name, byte[] Data) Header(int width, int height, int flags = 0) =>
        ("VP8X", new ByteWriter().Bytes((byte)flags, 0, 0, 0).Little24(width - 1).Little24(height - 1).ToArray());

    /// <summary>A lossless picture of one colour: each of its five codes has one symbol, so that its pixels take no bits at all.</summary>
    public static (string Name, byte[] Data) Lossless(int width, int height) =>
        ("VP8L", new ByteWriter().Bytes(0x2F).Little32((uint)(width - 1) | (uint)(height - 1) << 14).Bytes(0b1000_1000, 0b1000_1000, 0b0000_1000, 0, 0, 0, 0, 0).ToArray());

    /// <summary>A frame of an animation.</summary>
    public static (string Name, byte[] Data) Frame(int x, int y, int width, int height)
    {
        (string name, byte[] data) = Lossless(width, height);
        return ("ANMF", new ByteWriter().Little24(x / 2).Little24(y / 2).Little24(width - 1).Little24(height - 1).Little24(0).Bytes(0)
            .Text(name).Little32((uint)data.Length).Bytes(data).Repeat(0, data.Length & 1).ToArray());
    }
}
