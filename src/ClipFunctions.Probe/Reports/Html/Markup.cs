using System.Text;
using System.Xml;

namespace ClipFunctions.Probe.Reports.Html;

/// <summary>Writes markup that is good HTML and well-formed XML at once; every text is escaped and every element closed.</summary>
internal sealed class Markup : IDisposable
{
    private static readonly HashSet<string> Blocks =
    [
        "html", "head", "title", "style", "body", "header", "main", "footer", "section", "div", "figure", "figcaption", "h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "dl",
        "table", "thead", "tbody", "tr", "details", "summary", "pre", "svg", "g",
    ];

    private readonly MemoryStream _bytes = new();
    private readonly XmlWriter _writer;

    public Markup()
    {
        _writer = XmlWriter.Create(_bytes, new XmlWriterSettings
        {
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            OmitXmlDeclaration = true,
            NewLineHandling = NewLineHandling.None,
            ConformanceLevel = ConformanceLevel.Document,
        });
        _writer.WriteRaw("<!DOCTYPE html>\n");
    }

    /// <summary>Opens an element that the result's disposal closes. Attributes that are null are left out.</summary>
    public Closing Open(string tag, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(tag, attributes);
        return new Closing(this, tag);
    }

    /// <summary>An element with nothing but text.</summary>
    public void Leaf(string tag, string text, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        using (Open(tag, attributes))
        {
            Text(text);
        }
    }

    /// <summary>An element without content: a void one of HTML, or a shape of SVG.</summary>
    public void Empty(string tag, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(tag, attributes);
        _writer.WriteEndElement();
    }

    public void Text(string text) => _writer.WriteString(Clean(text));

    /// <summary>A name that others gave: signs in it that turn the writing direction do not reach beyond it.</summary>
    public void Name(string name) => Leaf("bdi", name);

    /// <summary>A number for people with the exact one for programs.</summary>
    public void Data(string text, string exact) => Leaf("data", text, ("value", exact));

    public void Share(double share) => Data(Show.Percent(share), Show.Exact(share));

    public void Count(int count) => Data(Show.Count(count), Show.Exact(count));

    public void Number(double number) => Data(Show.Number(number), Show.Exact(number));

    /// <summary>Our own style sheet, which HTML reads as it stands.</summary>
    public void Style(string css)
    {
        using (Open("style"))
        {
            _writer.WriteRaw(css);
        }
    }

    public byte[] ToArray()
    {
        _writer.Flush();
        return _bytes.ToArray();
    }

    public void Dispose()
    {
        _writer.Dispose();
        _bytes.Dispose();
    }

    private void Start(string tag, ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        _writer.WriteStartElement(tag);
        foreach ((string name, string? value) in attributes)
        {
            if (value is not null)
            {
                _writer.WriteAttributeString(name, Clean(value));
            }
        }
    }

    private void End(string tag)
    {
        // "<span/>" would be an opening tag to HTML.
        _writer.WriteFullEndElement();
        if (Blocks.Contains(tag))
        {
            _writer.WriteWhitespace("\n");
        }
    }

    private static string Clean(string text)
    {
        StringBuilder clean = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool bad = (Rune.IsControl(rune) && rune.Value is not '\n' and not '\t') || rune.Value is 0xfffe or 0xffff;
            clean.Append((bad ? Rune.ReplacementChar : rune).ToString());
        }

        return clean.ToString();
    }

    /// <summary>Closes the element that was opened.</summary>
    public readonly ref struct Closing(Markup markup, string tag)
    {
        public void Dispose() => markup.End(tag);
    }
}
