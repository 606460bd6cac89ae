using System.Text;
using ClipFunctions.ModelCaching.Catalog;
using CsCheck;

namespace ClipFunctions.ModelCaching.Tests.Catalog;

public sealed class CatalogFuzzTests
{
    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1e400", "2147483648", "0.5", "\"\"", "\"..\"", "\"main\"", "\"\\ud800\"", "[]", "[null]", "[1,2,3]", "{}", "\"https://example.org/a.pt\"",
        "[{\"files\":[{\"name\":\"a.pt\"}]}]", ",", "]", "}", "\"id\"", "/*", "//", "\u0000",
    ];

    // Pieces to exchange: strings, numbers, words and each sign alone.
    private static readonly string[] Tokens = Split(ShortCatalog());

    private static readonly string[] Replacements = [.. Values, .. Tokens.Distinct(), ""];

    [Fact]
    public void ChangedBytesGiveAnErrorOfItsKindOrAValidCatalogue()
    {
        byte[] json = Encoding.UTF8.GetBytes(string.Concat(Tokens));
        Gen.Select(Gen.Int[0, json.Length - 1], Gen.Byte).Array[1, 6].Sample(
            changes =>
            {
                byte[] changed = [.. json];
                foreach ((int at, byte value) in changes)
                {
                    changed[at] = value;
                }

                CheckParse(changed);
            },
            iter: 4_000);
    }

    [Fact]
    public void ExchangedPiecesGiveAnErrorOfItsKindOrAValidCatalogue()
        => Gen.Select(Gen.Int[0, Tokens.Length - 1], Gen.Int[0, Replacements.Length - 1].Select(at => Replacements[at])).Array[1, 3].Sample(
            changes =>
            {
                string[] changed = [.. Tokens];
                foreach ((int at, string value) in changes)
                {
                    changed[at] = value;
                }

                CheckParse(Encoding.UTF8.GetBytes(string.Concat(changed)));
            },
            iter: 6_000);

    [Fact]
    public void ACutFileIsRefused()
    {
        byte[] json = Encoding.UTF8.GetBytes(string.Concat(Tokens).TrimEnd());
        Gen.Int[0, json.Length - 1].Sample(length => Assert.Throws<InvalidCatalogException>(() => ModelCatalog.Parse(json.AsMemory(0, length))), iter: 1_000);
    }

    [Fact]
    public void DeepNestingIsRefused()
        => Assert.Throws<InvalidCatalogException>(() => ModelCatalog.Parse(Encoding.UTF8.GetBytes($"{{\"models\":{new string('[', 100_000)}")));

    private static void CheckParse(byte[] json)
    {
        ModelCatalog catalog;
        try
        {
            catalog = ModelCatalog.Parse(json);
        }
        catch (InvalidCatalogException exception)
        {
            Assert.InRange(exception.Message.Length, 1, 1000);
            return;
        }

        foreach (CatalogEntry entry in catalog.Entries)
        {
            Assert.All(entry.Aliases.Prepend(entry.Id), name => Assert.Same(entry, catalog.Find(name)));
            Assert.NotEmpty(DirectoryModelSource.FolderName(entry.Id));
            Assert.InRange(entry.ImageSize, 1, 4096);
            foreach (CatalogFile file in entry.Sources.SelectMany(source => source.Files))
            {
                Assert.DoesNotContain("..", file.Name.Split('/'));
                Assert.False(Path.IsPathRooted(file.Name));
                Assert.True(file.Url is null || Uri.IsWellFormedUriString(file.Url, UriKind.Absolute) || new Uri(file.Url).IsAbsoluteUri);
                Assert.True(file.Sha256 is null or { Length: 64 });
            }
        }
    }

    private static string ShortCatalog() => """
        {
          "models": [
            {
              "id": "ViT-B/32", "aliases": ["ViT-B-32"], "description": "One", "licence": "MIT", "licenceUrl": "https://example.org/mit",
              "imageSize": 224, "embeddingDimension": 512, "activation": "quick_gelu", "parametersMillions": 151.28, "imageNetTop1": 63.3, "gflops": 14.8,
              "sources": [
                { "files": [{ "name": "B.pt", "url": "https://example.org/B.pt", "size": 9, "sha256": "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af" }] },
                { "repository": "a/b", "revision": "main", "files": [{ "name": "m.safetensors" }, { "name": "t/vocab.json", "optional": true }] }
              ]
            },
            {
              "id": "two", "description": "Two", "licence": "CC-BY-NC-4.0", "licenceConsent": true, "imageSize": 336, "embeddingDimension": 768, "contextLength": 64,
              "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "resizeMode": "squash",
              "sources": [{ "repository": "a/c", "files": [{ "name": "model.safetensors.index.json" }, { "name": "model-1.safetensors" }] }]
            }
          ]
        }
        """;

    private static string[] Split(string json)
    {
        List<string> tokens = [];
        for (int at = 0; at < json.Length;)
        {
            int end = at + 1;
            if (json[at] == '"')
            {
                end = json.IndexOf('"', end) + 1;
            }
            else
            {
                while (end < json.Length && IsWord(json[at]) && IsWord(json[end]))
                {
                    end++;
                }
            }

            tokens.Add(json[at..end]);
            at = end;
        }

        return [.. tokens];

        static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '.' or '-';
    }
}
