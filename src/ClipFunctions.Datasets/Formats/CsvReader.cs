using System.Text;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Formats;

/// <summary>
/// Reads comma-separated records as RFC 4180 has them: fields may be quoted, then hold commas, line breaks, and quotes doubled. A broken record
/// costs only its first line: reading goes on at the next.
/// </summary>
internal sealed class CsvReader(LineReader lines)
{
    // More than a caption takes; a quote that is never closed must not swallow the rest.
    private const int MaxLines = 64;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly LinkedList<(long Number, string? Text, string? Problem)> _waiting = [];
    private readonly List<string> _fields = [];
    private readonly StringBuilder _field = new();

    /// <summary>The record's fields; valid until the next is read.</summary>
    public IReadOnlyList<string> Fields => _fields;

    /// <summary>The line that the record begins at, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>What is wrong with the record; null if nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Goes to the next record that is not an empty line; false if there is none.</summary>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (await TakeAsync(cancellationToken) is { } line)
        {
            Number = line.Number;
            Problem = line.Problem;
            _fields.Clear();
            if (line.Text is null)
            {
                return true;
            }

            if (line.Text.Length == 0)
            {
                continue;
            }

            List<(long, string?, string?)> taken = [];
            string text = line.Text;
            while (true)
            {
                (bool isOpen, Problem) = Parse(text);
                if (!isOpen)
                {
                    break;
                }

                Problem = "A quote is not closed.";
                if (taken.Count + 1 >= MaxLines || await TakeAsync(cancellationToken) is not { } next)
                {
                    break;
                }

                taken.Add(next);
                if (next.Text is null)
                {
                    break;
                }

                text = $"{text}\n{next.Text}";
            }

            if (Problem is not null)
            {
                for (int i = taken.Count - 1; i >= 0; i--)
                {
                    _waiting.AddFirst(taken[i]);
                }
            }

            return true;
        }

        return false;
    }

    private async ValueTask<(long Number, string? Text, string? Problem)?> TakeAsync(CancellationToken cancellationToken)
    {
        if (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            return first.Value;
        }

        if (!await lines.ReadAsync(cancellationToken))
        {
            return null;
        }

        if (lines.IsTooLong)
        {
            return (lines.Number, null, "The line is too long.");
        }

        ReadOnlySpan<byte> line = lines.Line.Span;
        if (lines.Number == 1 && line.StartsWith("\uFEFF"u8))
        {
            line = line[3..];
        }

        try
        {
            return (lines.Number, Strict.GetString(line), null);
        }
        catch (DecoderFallbackException)
        {
            return (lines.Number, null, "The line is not UTF-8.");
        }
    }

    private (bool IsOpen, string? Problem) Parse(string text)
    {
        _fields.Clear();
        int at = 0;
        while (true)
        {
            if (at < text.Length && text[at] == '"')
            {
                _field.Clear();
                at++;
                while (true)
                {
                    int quote = text.IndexOf('"', at);
                    if (quote < 0)
                    {
                        return (true, null);
                    }

                    _field.Append(text, at, quote - at);
                    at = quote + 1;
                    if (at == text.Length || text[at] != '"')
                    {
                        break;
                    }

                    _field.Append('"');
                    at++;
                }

                if (at < text.Length && text[at] != ',')
                {
                    return (false, "Something follows a closing quote.");
                }

                _fields.Add(_field.ToString());
            }
            else
            {
                int end = text.IndexOf(',', at);
                end = end < 0 ? text.Length : end;
                if (text.AsSpan(at, end - at).Contains('"'))
                {
                    return (false, "A quote stands within an unquoted field.");
                }

                _fields.Add(text[at..end]);
                at = end;
            }

            if (at == text.Length)
            {
                return (false, null);
            }

            at++;
        }
    }
}
