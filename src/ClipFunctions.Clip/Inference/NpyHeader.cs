using System.Globalization;
using System.Text;

namespace ClipFunctions.Clip.Inference;

/// <summary>The header of an <c>.npy</c> file: a Python dictionary with exactly these three keys.</summary>
/// <param name="Descr">The element type, for example <c>&lt;f4</c>.</param>
/// <param name="FortranOrder">Whether the first index runs fastest.</param>
/// <param name="Shape">The lengths, each 0 or more.</param>
internal sealed record NpyHeader(string Descr, bool FortranOrder, IReadOnlyList<long> Shape)
{
    /// <summary>Parses the dictionary with the padding behind it.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static NpyHeader Parse(ReadOnlySpan<byte> text)
    {
        Reader reader = new(text);
        string? descr = null;
        bool? fortranOrder = null;
        List<long>? shape = null;
        reader.Expect('{');
        while (!reader.Take('}'))
        {
            string key = reader.String();
            reader.Expect(':');
            switch (key)
            {
                case "descr" when descr is null:
                    descr = reader.String();
                    break;
                case "fortran_order" when fortranOrder is null:
                    fortranOrder = reader.Boolean();
                    break;
                case "shape" when shape is null:
                    shape = reader.Tuple();
                    break;
                default:
                    throw reader.Invalid();
            }

            if (!reader.Take(','))
            {
                reader.Expect('}');
                break;
            }
        }

        reader.End();
        return descr is null || fortranOrder is not { } fortran || shape is null
            ? throw reader.Invalid()
            : new NpyHeader(descr, fortran, shape);
    }

    private ref struct Reader(ReadOnlySpan<byte> text)
    {
        private const int Shown = 100;
        private const int LongestString = 32;
        private const int MostDimensions = 64;

        private readonly ReadOnlySpan<byte> _text = text;
        private int _at;

        public bool Take(char symbol)
        {
            SkipSpace();
            if (_at < _text.Length && _text[_at] == symbol)
            {
                _at++;
                return true;
            }

            return false;
        }

        public void Expect(char symbol)
        {
            if (!Take(symbol))
            {
                throw Invalid();
            }
        }

        /// <summary>A string without escapes: none of the strings of a header has one.</summary>
        public string String()
        {
            char quote = Take('\'') ? '\'' : Take('"') ? '"' : throw Invalid();
            int length = _text[_at..].IndexOf((byte)quote);
            if (length is < 0 or > LongestString)
            {
                throw Invalid();
            }

            ReadOnlySpan<byte> value = _text.Slice(_at, length);
            if (value.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            {
                throw Invalid();
            }

            _at += length + 1;
            return Encoding.ASCII.GetString(value);
        }

        public bool Boolean()
        {
            SkipSpace();
            bool value = _text[_at..].StartsWith("True"u8);
            if (!value && !_text[_at..].StartsWith("False"u8))
            {
                throw Invalid();
            }

            _at += value ? 4 : 5;
            return value;
        }

        public List<long> Tuple()
        {
            List<long> values = [];
            Expect('(');
            while (!Take(')'))
            {
                if (values.Count == MostDimensions)
                {
                    throw Invalid();
                }

                values.Add(Number());
                if (!Take(','))
                {
                    // (3) is a number in Python, not a tuple.
                    if (values.Count == 1)
                    {
                        throw Invalid();
                    }

                    Expect(')');
                    break;
                }
            }

            return values;
        }

        public void End()
        {
            SkipSpace();
            if (_at < _text.Length)
            {
                throw Invalid();
            }
        }

        public readonly InvalidDataException Invalid()
        {
            string shown = Encoding.ASCII.GetString(_text[..Math.Min(_text.Length, Shown)]).Trim();
            return new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The header of the NumPy array is damaged at character {_at}: {shown}"));
        }

        private long Number()
        {
            SkipSpace();
            ReadOnlySpan<byte> rest = _text[_at..];
            int digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            digits = digits < 0 ? rest.Length : digits;
            if (!long.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            {
                throw Invalid();
            }

            _at += digits;
            return value;
        }

        private void SkipSpace()
        {
            while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\n')
            {
                _at++;
            }
        }
    }
}
