using System.Text;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.Testing;

namespace ClipFunctions.ModelCaching.Tests.Catalog;

public sealed class UserCatalogTests
{
    private const string Entry = """
        {
          "id": "acme/pets",
          "aliases": ["pets"],
          "description": "Acme, pets",
          "licence": "MIT",
          "imageSize": 224,
          "embeddingDimension": 512,
          "mean": [0.5, 0.5, 0.5],
          "std": [0.5, 0.5, 0.5],
          "sources": [
            {
              "repository": "acme/pets-clip",
              "revision": "0123456789abcdef0123456789abcdef01234567",
              "files": [
                { "name": "weights/model.safetensors", "size": 12 },
                { "name": "vocab.json" },
                { "name": "merges.txt", "url": "https://example.org/merges.txt" }
              ]
            }
          ]
        }
        """;

    [Fact]
    public void WithoutAFileTheShippedModelsAreAll()
    {
        Assert.Same(ModelCatalog.Default, ModelCatalog.Load(null));
        Assert.Same(ModelCatalog.Default, ModelCatalog.Load(""));
    }

    [Fact]
    public void ANewIdIsAdded()
    {
        using TemporaryFile file = new($$"""{ "models": [{{Entry}}] }""");

        ModelCatalog catalog = ModelCatalog.Load(file.Path);

        Assert.Equal([.. ModelCatalog.Default.Entries.Select(entry => entry.Id), "acme/pets"], catalog.Entries.Select(entry => entry.Id));
        CatalogEntry entry = catalog.Find("PETS")!;
        Assert.Equal((77, false, null), (entry.ContextLength, entry.LicenceConsent, entry.Activation));
        Assert.Equal([0.5f, 0.5f, 0.5f], entry.Mean);
        Assert.Equal(("acme/pets-clip", 3), (entry.Sources[0].Repository, entry.Sources[0].Files.Count));
        Assert.Equal("ViT-B/32", catalog.Find("ViT-B-32")?.Id);
    }

    [Fact]
    public void AShippedIdIsReplacedInItsPlace()
    {
        using TemporaryFile file = new($$"""
            // Another place for the same model.
            {
              "models": [
                {{Entry.Replace("acme/pets\"", "ViT-B/32\"", StringComparison.Ordinal).Replace("\"licence\"", "\"activation\": \"gelu\", \"contextLength\": 16, \"licence\"", StringComparison.Ordinal)}},
              ],
            }
            """);

        ModelCatalog catalog = ModelCatalog.Load(file.Path);

        Assert.Equal(ModelCatalog.Default.Entries.Select(entry => entry.Id), catalog.Entries.Select(entry => entry.Id));
        CatalogEntry entry = catalog.Find("pets")!;
        Assert.Equal(("ViT-B/32", 16, ActivationKind.Gelu), (entry.Id, entry.ContextLength, entry.Activation));
        Assert.Null(catalog.Find("openai/clip-vit-base-patch32"));
    }

    [Fact]
    public void AByteOrderMarkIsNoMistake()
        => Assert.Single(ModelCatalog.Parse(Encoding.UTF8.GetBytes($$"""{{'\uFEFF'}}{ "models": [{{Entry}}] }""")).Entries);

    [Fact]
    public void AnEmptyListIsNoMistake() => Assert.Empty(ModelCatalog.Parse("""{ "models": [] }"""u8.ToArray()).Entries);

    [Fact]
    public void OnTheMachineItselfNoTlsIsNeeded()
        => Assert.Equal("http://localhost:8080/merges.txt", Parse("https://example.org/", "http://localhost:8080/").Entries[0].Sources[0].Files[2].Url);

    [Theory]
    [InlineData("\"acme/pets\"", "\"\"", "models[0]", "id", "expected a text, found none")]
    [InlineData("\"acme/pets\"", "\"a b\"", "a b", "id", "'a b' is no name of a model")]
    [InlineData("\"acme/pets\"", "\"../pets\"", "../pets", "id", "is no name of a model")]
    [InlineData("\"acme/pets\"", "null", "models[0]", "id", "null")]
    [InlineData("\"id\": \"acme/pets\",", "", "models[0]", null, "id")]
    [InlineData("[\"pets\"]", "[\"pets\", \"Pets\"]", "acme/pets", "aliases[1]", "'Pets' is there twice")]
    [InlineData("[\"pets\"]", "[\"ACME/PETS\"]", "acme/pets", "aliases[0]", "'ACME/PETS' is there twice")]
    [InlineData("[\"pets\"]", "[null]", "acme/pets", "aliases[0]", "expected a text")]
    [InlineData("[\"pets\"]", "\"pets\"", "acme/pets", "aliases", "could not be converted")]
    [InlineData("\"Acme, pets\"", "\" \"", "acme/pets", "description", "expected a text, found none")]
    [InlineData("\"Acme, pets\"", "\"a\\nb\"", "acme/pets", "description", "control character")]
    [InlineData("\"MIT\"", "\"\"", "acme/pets", "licence", "expected a text, found none")]
    [InlineData("\"MIT\"", "\"MIT\", \"licenceUrl\": \"mit.txt\"", "acme/pets", "licenceUrl", "expected an https address without user name and fragment, found 'mit.txt'")]
    [InlineData("\"MIT\"", "\"MIT\", \"licenseConsent\": true", "acme/pets", "licenseConsent", "could not be mapped")]
    [InlineData("\"MIT\"", "\"MIT\", \"activation\": \"relu\"", "acme/pets", "activation", "could not be converted")]
    [InlineData("\"MIT\"", "\"MIT\", \"activation\": 7", "acme/pets", "activation", "expected quick_gelu or gelu, found 7")]
    [InlineData("\"MIT\"", "\"MIT\", \"resizeMode\": \"crop\"", "acme/pets", "resizeMode", "expected shortest, squash or longest, found 'crop'")]
    [InlineData("\"MIT\"", "\"MIT\", \"contextLength\": 0", "acme/pets", "contextLength", "expected 1 to 65536, found 0")]
    [InlineData("\"MIT\"", "\"MIT\", \"imageNetTop1\": 0.63e3", "acme/pets", "imageNetTop1", "expected a number above 0 and at most 100, found 630")]
    [InlineData("\"MIT\"", "\"MIT\", \"gflops\": -1", "acme/pets", "gflops", "expected a number above 0 and at most 1000000, found -1")]
    [InlineData("\"MIT\"", "\"MIT\", \"parametersMillions\": 0", "acme/pets", "parametersMillions", "found 0")]
    [InlineData("\"imageSize\": 224", "\"imageSize\": 5000", "acme/pets", "imageSize", "expected 1 to 4096, found 5000")]
    [InlineData("\"imageSize\": 224", "\"imageSize\": 22.4", "acme/pets", "imageSize", "could not be converted")]
    [InlineData("\"imageSize\": 224", "\"imageSize\": 224, \"imageSize\": 224", null, null, "imageSize")]
    [InlineData("\"embeddingDimension\": 512", "\"embeddingDimension\": 0", "acme/pets", "embeddingDimension", "expected 1 to 65536, found 0")]
    [InlineData("\"mean\": [0.5, 0.5, 0.5]", "\"mean\": [0.5]", "acme/pets", "mean", "expected 3 numbers, found 1")]
    [InlineData("\"mean\": [0.5, 0.5, 0.5]", "\"mean\": [0.5, 127, 0.5]", "acme/pets", "mean[1]", "expected 0 to 1, found 127")]
    [InlineData("\"mean\": [0.5, 0.5, 0.5],", "", "acme/pets", "mean", "mean and std are stated together")]
    [InlineData("\"std\": [0.5, 0.5, 0.5]", "\"std\": [0.5, 0.5, 0]", "acme/pets", "std[2]", "above 0 and at most 10, found 0")]
    [InlineData("\"acme/pets-clip\"", "\"pets-clip\"", "acme/pets", "sources[0].repository", "expected owner/name, found 'pets-clip'")]
    [InlineData("\"acme/pets-clip\"", "\"acme/../etc\"", "acme/pets", "sources[0].repository", "expected owner/name")]
    [InlineData("\"repository\": \"acme/pets-clip\",", "", "acme/pets", "sources[0].files[0].url", "the source has no repository")]
    [InlineData("\"0123456789abcdef0123456789abcdef01234567\"", "\"a b\"", "acme/pets", "sources[0].revision", "expected a commit (40 hex digits), a branch or a tag, found 'a b'")]
    [InlineData("\"0123456789abcdef0123456789abcdef01234567\"", "\"refs/../main\"", "acme/pets", "sources[0].revision", "expected a commit")]
    [InlineData("weights/model.safetensors", "../model.safetensors", "acme/pets", "sources[0].files[0].name", "'../model.safetensors' is no file's path")]
    [InlineData("weights/model.safetensors", "/model.safetensors", "acme/pets", "sources[0].files[0].name", "is no file's path")]
    [InlineData("weights/model.safetensors", "weights\\\\model.safetensors", "acme/pets", "sources[0].files[0].name", "is no file's path")]
    [InlineData("weights/model.safetensors", "c:model.safetensors", "acme/pets", "sources[0].files[0].name", "is no file's path")]
    [InlineData("weights/model.safetensors", "readme.md", "acme/pets", "sources[0].files[0].name", "expected the checkpoint first")]
    [InlineData("vocab.json", "weights/merges.txt", "acme/pets", "sources[0].files[2].name", "another file of the source is called 'merges.txt'")]
    [InlineData("\"size\": 12", "\"size\": 0", "acme/pets", "sources[0].files[0].size", "expected 1 to 17592186044416 bytes, found 0")]
    [InlineData("\"size\": 12", "\"size\": \"12\"", "acme/pets", "sources[0].files[0].size", "could not be converted")]
    [InlineData("\"size\": 12", "\"optional\": true", "acme/pets", "sources[0].files[0].optional", "expected false for the checkpoint")]
    [InlineData("\"size\": 12", "\"sha256\": \"ABCD\"", "acme/pets", "sources[0].files[0].sha256", "expected 64 lower-case hex digits, found 'ABCD'")]
    [InlineData("https://example.org/", "http://example.org/", "acme/pets", "sources[0].files[2].url", "expected an https address")]
    [InlineData("https://example.org/", "https://me:pw@example.org/", "acme/pets", "sources[0].files[2].url", "without user name")]
    [InlineData("https://example.org/", "file:///", "acme/pets", "sources[0].files[2].url", "expected an https address")]
    public void AMistakeIsNamed(string found, string replacement, string? entry, string? field, string problem)
    {
        InvalidCatalogException exception = Assert.Throws<InvalidCatalogException>(() => Parse(found, replacement));

        Assert.Equal((entry, field), (exception.Entry, exception.Field));
        Assert.StartsWith("mine.json: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null, "is no JSON that can be read")]
    [InlineData("{", null, "is no JSON that can be read")]
    [InlineData("null", null, "found null")]
    [InlineData("[]", null, "expected an object {\"models\": […]}, found an array")]
    [InlineData("{}", "models", "expected an array of entries, found none")]
    [InlineData("""{ "models": {} }""", "models", "expected an array of entries, found an object")]
    [InlineData("""{ "modles": [] }""", "modles", "is not known; the only field is \"models\"")]
    [InlineData("""{ "models": [7] }""", null, "models[0]: expected an object, found a number")]
    public void AFileOfAnotherFormIsRefused(string json, string? field, string problem)
    {
        InvalidCatalogException exception = Assert.Throws<InvalidCatalogException>(() => ModelCatalog.Parse(Encoding.UTF8.GetBytes(json), "mine.json"));

        Assert.Equal(field, exception.Field);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[\"pets\"]", "[\"ViT-B-32\"]", "aliases[0]", "'ViT-B-32' is already a name of 'ViT-B/32'")]
    [InlineData("\"acme/pets\"", "\"vit-b/32\"", "id", "'vit-b/32' is already a name of 'ViT-B/32'")]
    [InlineData("\"acme/pets\"", "\"openai/clip-vit-base-patch32\"", "id", "is already a name of 'ViT-B/32'")]
    [InlineData("\"acme/pets\"", "\"ViT-B-32-laion2b_s34b_b79k\"", "id", "'ViT-B-32-laion2b_s34b_b79k' would lie in the same folder as 'ViT-B-32/laion2b_s34b_b79k'")]
    public void ANameThatIsTakenIsRefused(string found, string replacement, string field, string problem)
    {
        using TemporaryFile file = new($$"""{ "models": [{{Entry.Replace(found, replacement, StringComparison.Ordinal)}}] }""");

        InvalidCatalogException exception = Assert.Throws<InvalidCatalogException>(() => ModelCatalog.Load(file.Path));

        Assert.Equal((file.Path, field), (exception.File, exception.Field));
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatIsNotThereIsNamed()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

        InvalidCatalogException exception = Assert.Throws<InvalidCatalogException>(() => ModelCatalog.Load(path));

        Assert.Equal(path, exception.File);
        Assert.Contains("cannot be read", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatIsTooLargeIsNotRead()
    {
        using TemporaryFile file = new(new string(' ', ModelCatalog.MaximumBytes + 1));

        Assert.Contains(
            $"{ModelCatalog.MaximumBytes + 1} bytes are more than a catalogue may have ({ModelCatalog.MaximumBytes})",
            Assert.Throws<InvalidCatalogException>(() => ModelCatalog.Load(file.Path)).Message,
            StringComparison.Ordinal);
    }

    private static ModelCatalog Parse(string found, string replacement)
    {
        Assert.Contains(found, Entry, StringComparison.Ordinal);
        return ModelCatalog.Parse(Encoding.UTF8.GetBytes($$"""{ "models": [{{Entry.Replace(found, replacement, StringComparison.Ordinal)}}] }"""), "mine.json");
    }
}
