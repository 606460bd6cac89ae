using System.Globalization;
using System.Text;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>A request as it goes over the wire.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Bytes">Its bytes.</param>
internal sealed record HostileRequest(string Name, byte[] Bytes)
{
    private const string Break = "\r\n";

    /// <summary>Whether it breaks HTTP itself, or what Kestrel takes: then it is turned away before anything of ours sees it, with a status and nothing else, or by closing the connection.</summary>
    public bool BreaksHttp { get => field || IsRefusedByServer(Bytes); init; }

    /// <summary>Whether nothing more will come, which the server is told by closing this half of the connection.</summary>
    public bool EndsEarly { get; init; }

    /// <summary>Whether the connection is reset as soon as all is sent.</summary>
    public bool IsAborted { get; init; }

    /// <summary>How many bytes are sent at a time, with a pause behind each; all at once if 0.</summary>
    public int Trickle { get; init; }

    /// <summary>How many bytes are sent at once before that.</summary>
    public int SentAtOnce { get; init; }

    /// <summary>Whether the request is one that asks for a body: that of HEAD has none.</summary>
    public bool IsHead => Bytes.AsSpan().StartsWith("HEAD "u8);

    /// <summary>A request with the headers that all need.</summary>
    public static HostileRequest Make(string name, string method, string target, ReadOnlySpan<byte> body = default, params IEnumerable<string> headers)
    {
        StringBuilder head = new();
        head.Append(CultureInfo.InvariantCulture, $"{method} {target} HTTP/1.1{Break}Host: 127.0.0.1{Break}Connection: close{Break}");
        foreach (string header in headers)
        {
            head.Append(header).Append(Break);
        }

        if (!body.IsEmpty || method is "POST" or "PUT" or "PATCH")
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}{Break}");
        }

        return new HostileRequest(name, [.. Encoding.Latin1.GetBytes(head.Append(Break).ToString()), .. body]);
    }

    /// <summary>A request whose head and body are as they are given, between the first line and the end.</summary>
    public static HostileRequest Raw(string name, string method, string target, string headers, ReadOnlySpan<byte> body = default) =>
        new(name, [.. Encoding.Latin1.GetBytes($"{method} {target} HTTP/1.1{Break}{headers}{Break}"), .. body]) { BreaksHttp = true, EndsEarly = true };

    // Kestrel: no NUL in a path, only ASCII in the head, a first line of at most 8 KB, headers of at most 32 KB.
    private static bool IsRefusedByServer(ReadOnlySpan<byte> bytes)
    {
        int line = bytes.IndexOf("\r\n"u8);
        int head = bytes.IndexOf("\r\n\r\n"u8);
        if (line < 0 || head < 0)
        {
            return true;
        }

        ReadOnlySpan<byte> first = bytes[..line];
        return bytes[..head].ContainsAnyExceptInRange((byte)0, (byte)0x7F) || first.Length > 8190 || head > 32_768
            || (first.IndexOf("%00"u8) is >= 0 and int at && first.IndexOf((byte)'?') is int query && (query < 0 || at < query));
    }

    /// <summary>The request for somebody to read.</summary>
    public override string ToString()
    {
        string text = Encoding.Latin1.GetString(Bytes, 0, Math.Min(Bytes.Length, 1500));
        return $"{Name}, {Bytes.Length} bytes:\n{string.Concat(text.Select(c => c is >= ' ' and <= '~' or '\n' ? c.ToString() : c == '\r' ? "" : $"\\x{(int)c:X2}"))}";
    }
}
