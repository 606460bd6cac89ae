using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace ClipFunctions.Cli.Console;

/// <summary>Where answers go (standard output: tables, or JSON alone) and where all else goes (standard error).</summary>
internal sealed class Terminal
{
    private const int NarrowestFile = 200;

    private static readonly JsonSerializerOptions JsonForm = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly IAnsiConsole _table;
    private readonly IAnsiConsole _side;

    public Terminal(TextWriter output, TextWriter error)
    {
        _output = output;
        _error = error;
        _table = Make(output, System.Console.IsOutputRedirected || output != System.Console.Out);
        _side = Make(error, System.Console.IsErrorRedirected || error != System.Console.Error);
    }

    /// <summary>The console for progress.</summary>
    public IAnsiConsole Side => _side;

    /// <summary>Whether a person watches the progress.</summary>
    public bool IsWatched => _side.Profile.Capabilities.Interactive && _side.Profile.Out.IsTerminal;

    public void Json(JsonNode node)
    {
        _output.WriteLine(node.ToJsonString(JsonForm));
        _output.Flush();
    }

    public void Line(string text) => _output.WriteLine(text);

    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows, params IReadOnlyList<int> rightAligned)
    {
        Table table = new() { Border = TableBorder.Simple, ShowHeaders = columns.Any(column => column.Length > 0) };
        for (int i = 0; i < columns.Count; i++)
        {
            TableColumn column = new(Markup.Escape(columns[i]));
            table.AddColumn(rightAligned.Contains(i) ? column.RightAligned() : column);
        }

        foreach (IReadOnlyList<string> row in rows)
        {
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        }

        _table.Write(table);
    }

    public void Error(string message)
    {
        string line = $"clip: {message}";
        if (_side.Profile.Capabilities.ColorSystem != ColorSystem.NoColors)
        {
            _side.WriteLine(line, new Style(Color.Red));
        }
        else
        {
            Note(line);
        }
    }

    public void Note(string message) => _error.WriteLine(message);

    private static IAnsiConsole Make(TextWriter writer, bool file)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = file ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = file ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = file ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (file)
        {
            // A file has no width to break lines at.
            console.Profile.Width = NarrowestFile;
        }

        return console;
    }
}
