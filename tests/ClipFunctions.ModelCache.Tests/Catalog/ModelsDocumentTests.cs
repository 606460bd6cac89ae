using System.Globalization;
using System.Text;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.Testing;

namespace ClipFunctions.ModelCaching.Tests.Catalog;

/// <summary>docs/models.md says what catalog.json says. With <c>CLIP_UPDATE_DOCS=1</c> its table is written anew instead.</summary>
public sealed class ModelsDocumentTests
{
    private const string Begin = "<!-- table: made from catalog.json -->\n";
    private const string End = "<!-- end of table -->";

    private static readonly string DocumentPath = Path.Combine(RepositoryPaths.Root, "docs", "models.md");

    [Fact]
    public void TheTableIsInStepWithTheCatalogue()
    {
        string document = ReadDocument();
        int begin = document.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = document.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= Begin.Length && end >= begin, $"{DocumentPath} lacks the two comments that the table stands between.");
        string expected = Table();

        if (Environment.GetEnvironmentVariable("CLIP_UPDATE_DOCS") == "1")
        {
            File.WriteAllText(DocumentPath, document[..begin] + expected + document[end..]);
            return;
        }

        Assert.True(
            expected == document[begin..end],
            $"The table of docs/models.md is not what catalog.json says: run this test with CLIP_UPDATE_DOCS=1 in the environment and commit the file. Expected:\n{expected}");
    }

    [Fact]
    public void TheExampleOfAnOwnModelLoads()
    {
        string document = ReadDocument();
        int begin = document.IndexOf("```json\n", StringComparison.Ordinal) + "```json\n".Length;
        using TemporaryFile file = new(document[begin..document.IndexOf("\n```", begin, StringComparison.Ordinal)]);

        ModelCatalog catalog = ModelCatalog.Load(file.Path);

        CatalogEntry added = Assert.Single(catalog.Entries.Skip(ModelCatalog.Default.Entries.Count));
        Assert.Same(added, catalog.Find(added.Aliases[0]));
    }

    private static string ReadDocument() => File.ReadAllText(DocumentPath).ReplaceLineEndings("\n");

    private static string Table()
    {
        StringBuilder table = new();
        table.Append("| model | licence | parameters, million | pixels | dimension | ImageNet top-1, % | GFLOPs | from |\n");
        table.Append("|---|---|---|---|---|---|---|---|\n");
        foreach (CatalogEntry entry in ModelCatalog.Default.Entries)
        {
            string licence = entry.LicenceConsent ? $"{entry.Licence} (asked for)" : entry.Licence;
            table.Append(CultureInfo.InvariantCulture, $"| `{entry.Id}` | {licence} | {Number(entry.ParametersMillions)} | {entry.ImageSize} | {entry.EmbeddingDimension} | ");
            table.Append(CultureInfo.InvariantCulture, $"{Number(entry.ImageNetTop1)} | {Number(entry.Gflops)} | {string.Join(", ", entry.Sources.Select(Place).Distinct())} |\n");
        }

        return table.ToString();

        static string Number(double? value) => value?.ToString("0.##", CultureInfo.InvariantCulture) ?? "–";
        static string Place(CatalogSource source) => source.Repository is { } repository
            ? $"[{repository}](https://huggingface.co/{repository})"
            : $"[{source.Files[0].Name}]({source.Files[0].Url})";
    }
}
