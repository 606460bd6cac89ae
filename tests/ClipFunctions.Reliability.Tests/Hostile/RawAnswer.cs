using System.Globalization;
using System.Text;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>What came back over the wire until the server closed the connection.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="Time">How long it took.</param>
/// <param name="TimedOut">Whether the server did not close it in time.</param>
internal sealed record RawAnswer(byte[] Bytes, TimeSpan Time, bool TimedOut)
{
    /// <summary>The status; 0 if there was no answer.</summary>
    public int Status { get; private init; }

    /// <summary>The head of the answer.</summary>
    public IReadOnlyList<string> Headers { get; private init; } = [];

    /// <summary>The answer's body.</summary>
    public byte[] Body { get; private init; } = [];

    /// <summary>Whether another answer stands behind it, as behind bytes that are two requests.</summary>
    public bool HasAnother { get; private init; }

    /// <summary>What is wrong with its form; null if nothing is.</summary>
    public string? Malformed { get; private init; }

    /// <summary>A header's value; null if it is not there.</summary>
    public string? Header(string name) =>
        Headers.FirstOrDefault(header => header.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)) is { } found ? found[(name.Length + 1)..].Trim() : null;

    /// <summary>Takes the answer apart: there must be exactly one, behind interim ones.</summary>
    public RawAnswer Parse(bool isHead)
    {
        int at = 0;
        while (true)
        {
            int end = Bytes.AsSpan(at).IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                return this with { Malformed = Bytes.Length == 0 ? null : "its head does not end" };
            }

            string[] lines = Encoding.Latin1.GetString(Bytes, at, end).Split("\r\n");
            at += end + 4;
            if (lines[0].Split(' ') is not ["HTTP/1.1", { Length: 3 } code, ..] || !int.TryParse(code, CultureInfo.InvariantCulture, out int status))
            {
                return this with { Malformed = $"its first line is '{lines[0]}'" };
            }

            if (status is >= 100 and < 200)
            {
                continue;
            }

            RawAnswer answer = this with { Status = status, Headers = lines[1..] };
            if (isHead || status is 304 or 204)
            {
                return answer with { Malformed = at == Bytes.Length ? null : "a body stands where there is none" };
            }

            if (answer.Header("Transfer-Encoding") == "chunked")
            {
                using MemoryStream body = new();
                while (true)
                {
                    int line = Bytes.AsSpan(at).IndexOf("\r\n"u8);
                    if (line < 0 || !int.TryParse(Encoding.Latin1.GetString(Bytes, at, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int size) || at + line + 4 + size > Bytes.Length)
                    {
                        return answer with { Malformed = "its chunks are broken" };
                    }

                    body.Write(Bytes, at + line + 2, size);
                    at += line + 4 + size;
                    if (size == 0)
                    {
                        return answer with { Body = body.ToArray(), Malformed = at == Bytes.Length ? null : "something stands behind it", HasAnother = IsAnswer(at) };
                    }
                }
            }

            if (answer.Header("Content-Length") is not { } given || !int.TryParse(given, CultureInfo.InvariantCulture, out int length))
            {
                // As HTTP 1.0 has it: up to the end of the connection.
                return answer with { Body = Bytes[at..], Malformed = answer.Header("Connection") == "close" ? null : "it tells no length" };
            }

            return length == Bytes.Length - at
                ? answer with { Body = Bytes[at..] }
                : answer with
                {
                    Body = Bytes[at..Math.Min(at + length, Bytes.Length)],
                    Malformed = $"it has {Bytes.Length - at} bytes instead of {length}",
                    HasAnother = length < Bytes.Length - at && IsAnswer(at + length),
                };
        }
    }

    private bool IsAnswer(int at) => Bytes.AsSpan(at).StartsWith("HTTP/1.1 "u8);
}
