using System.Globalization;
using System.Text;

namespace ClipFunctions.Probe.Reports.Html;

/// <summary>Numbers and names as people read them, the same everywhere.</summary>
internal static class Show
{
    private const char Space = '\u00a0';

    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>Shares near the ends do not become 0 or 100 % by rounding.</summary>
    public static string Percent(double share)
    {
        double value = share * 100;
        return value switch
        {
            > 0 and < 0.1 => $"<{Space}0.1{Space}%",
            > 99.9 and < 100 => $">{Space}99.9{Space}%",
            _ => value.ToString("0.0", Culture) + Space + "%",
        };
    }

    /// <summary>A share without decimals where it has none, as on an axis.</summary>
    public static string RoundPercent(double share) => (share * 100).ToString("0.##", Culture) + Space + "%";

    /// <summary>A difference of shares.</summary>
    public static string Points(double difference) => (difference * 100).ToString("0.0", Culture) + Space + "points";

    public static string Count(int count) => count.ToString("N0", Culture);

    public static string Counted(int count, string one, string many) => $"{Count(count)} {(count == 1 ? one : many)}";

    /// <summary>A count in at most four signs, such as <c>1.2k</c>.</summary>
    public static string Compact(int count) => count switch
    {
        < 1_000 => count.ToString(Culture),
        < 9_950 => (count / 1e3).ToString("0.#", Culture) + "k",
        < 999_500 => (count / 1e3).ToString("0", Culture) + "k",
        < 9_950_000 => (count / 1e6).ToString("0.#", Culture) + "M",
        < 999_500_000 => (count / 1e6).ToString("0", Culture) + "M",
        _ => (count / 1e9).ToString("0.#", Culture) + "G",
    };

    /// <summary>Four significant digits.</summary>
    public static string Number(double number)
    {
        if (number == 0)
        {
            return "0";
        }

        string scientific = number.ToString("e3", Culture);
        int at = scientific.IndexOf('e', StringComparison.Ordinal);
        int power = int.Parse(scientific.AsSpan(at + 1), NumberStyles.AllowLeadingSign, Culture);
        if (power is >= -3 and < 7)
        {
            return number.ToString(power >= 3 ? "#,0" : "0." + new string('#', 3 - power), Culture);
        }

        string mantissa = scientific[..at].TrimEnd('0').TrimEnd('.');
        return mantissa == "1" ? PowerOfTen(power) : $"{mantissa}{Space}×{Space}{PowerOfTen(power)}";
    }

    public static string PowerOfTen(int power)
    {
        if (power is >= -2 and <= 3)
        {
            return Math.Pow(10, power).ToString("#,0.##", Culture);
        }

        StringBuilder text = new("10");
        foreach (char sign in power.ToString(Culture))
        {
            text.Append(sign == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign - '0']);
        }

        return text.ToString();
    }

    public static string Seconds(double seconds)
    {
        if (seconds < 0.9995)
        {
            return (seconds * 1000).ToString(seconds < 0.01 ? "0.#" : "0", Culture) + Space + "ms";
        }

        if (seconds < 99.95)
        {
            return seconds.ToString("0.0", Culture) + Space + "s";
        }

        double whole = Math.Round(seconds);
        double hours = Math.Floor(whole / 3600);
        double minutes = Math.Floor(whole % 3600 / 60);
        return hours > 0
            ? hours.ToString("#,0", Culture) + Space + "h " + minutes.ToString("0", Culture) + Space + "min"
            : minutes.ToString("0", Culture) + Space + "min " + (whole % 60).ToString("0", Culture) + Space + "s";
    }

    public static string Moment(DateTimeOffset time) => time.ToUniversalTime().ToString("d MMMM yyyy, HH:mm 'UTC'", Culture);

    /// <summary>A number that reads back as the same.</summary>
    public static string Exact(double number) => number.ToString("R", Culture);

    public static string Exact(int number) => number.ToString(Culture);

    /// <summary>A length or place in a picture.</summary>
    public static string Place(double place) => place.ToString("0.##", Culture);

    /// <summary>"UnsupportedFormat" as people read it: "Unsupported format".</summary>
    public static string Words(string code)
    {
        StringBuilder words = new(code.Length + 4);
        for (int at = 0; at < code.Length; at++)
        {
            bool begins = at > 0 && char.IsAsciiLetterUpper(code[at]) && char.IsAsciiLetterLower(code[at - 1]);
            words.Append(begins ? " " + char.ToLowerInvariant(code[at]) : code[at]);
        }

        return words.ToString();
    }

    /// <summary>Cuts a text that is wider than so many Latin letters, never within a letter.</summary>
    public static string Short(string text, int width)
    {
        double used = 0;
        StringBuilder kept = new();
        TextElementEnumerator letters = StringInfo.GetTextElementEnumerator(text);
        while (letters.MoveNext())
        {
            string letter = letters.GetTextElement();
            used += Width(letter);
            if (used > width)
            {
                return kept.ToString().TrimEnd() + "…";
            }

            // A mark may be stacked upon a letter without end.
            kept.Append(letter.Length > 16 ? "\ufffd" : letter);
        }

        return kept.ToString();
    }

    /// <summary>The width of a text in Latin letters, roughly.</summary>
    public static double Width(string text)
    {
        double width = 0;
        TextElementEnumerator letters = StringInfo.GetTextElementEnumerator(text);
        while (letters.MoveNext())
        {
            width += letters.GetTextElement()[0] switch
            {
                >= '\u2e80' => 1.9,
                'W' or 'M' or 'm' or 'w' => 1.5,
                'i' or 'l' or 'j' or '.' or ',' or '\'' => 0.55,
                _ => 1,
            };
        }

        return width;
    }
}
