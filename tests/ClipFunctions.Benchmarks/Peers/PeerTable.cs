using System.Globalization;
using System.Text;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>The table of <c>docs/benchmarks.md</c>: printed row by row; each group's rows are kept, so that a group can be measured anew alone.</summary>
internal sealed class PeerTable(string folder)
{
    private const string Begin = "<!-- ./bench.sh --write: begin -->";
    private const string End = "<!-- ./bench.sh --write: end -->";
    private const string Header = "| what | this code | against | takes | times as fast | aim | results |\n|---|---|---|---|---|---|---|";

    private readonly List<string> _rows = [];

    /// <summary>Begins a group.</summary>
    public void Start(string group)
    {
        _rows.Clear();
        Console.WriteLine($"\n{group}\n\n{Header}");
    }

    /// <summary>A row of two sides' times.</summary>
    /// <param name="what">What was done.</param>
    /// <param name="own">This code's times.</param>
    /// <param name="against">The peer's name.</param>
    /// <param name="peer">Its times; null: it could not be had.</param>
    /// <param name="aim">How many times as fast this code is meant to be; null: nothing was asked for.</param>
    /// <param name="results">How like each other the results are.</param>
    public void Add(string what, Times own, string against, Times? peer, double? aim, string results) => Add(
        $"| {what} | {own} | {against} | {(peer is null ? "not measured" : peer.ToString())} | {(peer is null ? "" : Factor(peer.Median / own.Median))} | {(aim is { } value ? Factor(value) : "")} | {results} |");

    /// <summary>Any other row.</summary>
    public void Add(string row)
    {
        Console.WriteLine(row);
        _rows.Add(row);
    }

    /// <summary>Keeps the group's rows.</summary>
    public void Finish(string group)
    {
        Directory.CreateDirectory(Path.Combine(folder, "rows"));
        File.WriteAllLines(RowsOf(group), _rows);
    }

    /// <summary>Writes all groups' last rows into <c>docs/benchmarks.md</c>.</summary>
    public void Write(IEnumerable<string> groups, string machine)
    {
        string path = Path.Combine(RepositoryPaths.Root, "docs", "benchmarks.md");
        string text = File.ReadAllText(path);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal);
        int end = text.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new InvalidOperationException($"{path} lacks the line '{Begin}' or, behind it, '{End}': the table stands between them.");
        }

        StringBuilder table = new($"{Begin}\n{machine}\n\n{Header}\n");
        foreach (string row in groups.Select(RowsOf).Where(File.Exists).SelectMany(File.ReadAllLines))
        {
            table.Append(row).Append('\n');
        }

        File.WriteAllText(path, $"{text[..begin]}{table}{text[end..]}");
        Console.WriteLine($"\n{path} is written.");
    }

    private static string Factor(double value) => value.ToString(value >= 100 ? "F0" : value >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture) + " ×";

    private string RowsOf(string group) => Path.Combine(folder, "rows", $"{group}.md");
}
