using System.Security.Cryptography;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.Testing;

namespace ClipFunctions.ModelCaching.Tests.Catalog;

public sealed class ModelCatalogTests
{
    private const string OfficialHost = "openaipublic.azureedge.net";

    // clip.available_models() of the reference.
    private static readonly string[] OpenAiNames = ["RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B/32", "ViT-B/16", "ViT-L/14", "ViT-L/14@336px"];

    [Fact]
    public void BeginsWithTheModelsOfTheReference()
        => Assert.Equal(OpenAiNames, ModelCatalog.Default.Entries.Take(OpenAiNames.Length).Select(entry => entry.Id));

    [Fact]
    public void NamesEachOfficialFileByItsHash()
    {
        foreach (string name in OpenAiNames)
        {
            CatalogEntry entry = ModelCatalog.Default.Find(name)!;
            CatalogFile checkpoint = entry.Sources[0].Files[0];
            Uri url = new(checkpoint.Url!);

            Assert.Equal(OfficialHost, url.Host);
            Assert.Equal(checkpoint.Sha256, url.Segments[^2].TrimEnd('/'));
            Assert.Equal(checkpoint.Name, url.Segments[^1]);
            Assert.NotNull(checkpoint.Size);
            Assert.Equal(ActivationKind.QuickGelu, entry.Activation);
            Assert.Contains(entry.Sources, source => source.Repository is not null);
        }
    }

    [Fact]
    [Trait("Category", GoldenData.Category)]
    public void FetchesTheVocabularyThatTheReferenceReads()
    {
        string vocabulary = GoldenData.RequireVocabulary();
        string hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(vocabulary)));
        CatalogFile[] files = [.. AllFiles().Where(file => file.Name == Path.GetFileName(vocabulary))];

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal((new FileInfo(vocabulary).Length, hash), (file.Size!.Value, file.Sha256!)));
    }

    [Fact]
    public void LacksNothingOfAnyModel()
    {
        foreach (CatalogEntry entry in ModelCatalog.Default.Entries)
        {
            Assert.True(entry.LicenceUrl is not null, $"{entry.Id}: no licence's address.");
            Assert.True(entry.ParametersMillions is not null && entry.ImageNetTop1 is not null, $"{entry.Id}: no parameters or accuracy.");
            Assert.True(entry.LicenceConsent == entry.Licence is not ("MIT" or "Apache-2.0"), $"{entry.Id}: {entry.Licence} with consent {entry.LicenceConsent}.");
            foreach (CatalogSource source in entry.Sources)
            {
                string[] names = [.. source.Files.Select(file => file.Name)];
                string where = $"{entry.Id} from {source.Repository ?? OfficialHost}";
                Assert.True(names.Any(IsVocabulary), $"{where}: no vocabulary.");
                Assert.True(!names.Contains("vocab.json") || names.Contains("merges.txt"), $"{where}: no merges.");
                Assert.True(source.Repository is null || names.Any(name => name is "config.json" or "open_clip_config.json"), $"{where}: no configuration.");
                Assert.True(!names.Contains("config.json") || names.Contains("preprocessor_config.json"), $"{where}: no preprocessing.");
            }
        }

        static bool IsVocabulary(string name) => name is "vocab.json" or "spiece.model" or "tokenizer.model" || name.StartsWith("bpe", StringComparison.Ordinal);
    }

    [Fact]
    public void SaysTheSameOfAFileWhereverItStands()
    {
        foreach (IGrouping<string, CatalogFile> same in AllFiles().Where(file => file.Sha256 is not null).GroupBy(file => file.Sha256!))
        {
            Assert.Single(same.Select(file => file.Size).Distinct());
        }

        Assert.All(
            ModelCatalog.Default.Entries.SelectMany(entry => entry.Sources).Where(source => source.Repository is not null),
            source => Assert.True(source.Revision == "main" || (source.Revision.Length == 40 && source.Revision.All(char.IsAsciiHexDigitLower)), $"{source.Repository}: {source.Revision}"));
    }

    [Fact]
    public void GivesNamesThatARequestTakes()
        => Assert.All(
            ModelCatalog.Default.Entries.SelectMany(entry => entry.Aliases.Prepend(entry.Id)),
            name => Assert.Equal(new ModelRequest(name, ModelPrecision.Fp16), ModelRequest.Parse($"{name}:fp16")));

    [Theory]
    [InlineData("ViT-B/32", "ViT-B/32")]
    [InlineData("ViT-B-32", "ViT-B/32")]
    [InlineData("vit-b-32", "ViT-B/32")]
    [InlineData(" ViT-B/32 ", "ViT-B/32")]
    [InlineData("ViT-B-32-quickgelu/openai", "ViT-B/32")]
    [InlineData("openai/clip-vit-large-patch14-336", "ViT-L/14@336px")]
    [InlineData("ViT-L-14-336/openai", "ViT-L/14@336px")]
    [InlineData("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "ViT-B-32/laion2b_s34b_b79k")]
    [InlineData("ViT-B-32/laion2b_s34b_b79k", "ViT-B-32/laion2b_s34b_b79k")]
    [InlineData("ViT-H-14-quickgelu/dfn5b", "ViT-H-14/dfn5b")]
    [InlineData("google/siglip2-base-patch16-224", "ViT-B-16-SigLIP2/webli")]
    public void FindsAModelByEachOfItsNames(string name, string id) => Assert.Equal(id, ModelCatalog.Default.Find(name)?.Id);

    [Theory]
    [InlineData("ViT-Z/99")]
    [InlineData("")]
    [InlineData("demo")]
    public void FindsNothingElse(string name) => Assert.Null(ModelCatalog.Default.Find(name));

    [Theory]
    [InlineData("ViT-B/33", "ViT-B/32")]
    [InlineData("VIT B 32", "ViT-B/32")]
    [InlineData("RN5O", "RN50")]
    [InlineData("clip-vit-base-patch32", "ViT-B/32")]
    [InlineData("laion2b_s32b_b79k", "ViT-H-14/laion2b_s32b_b79k")]
    [InlineData("ViT-bigG/14", "ViT-bigG-14/laion2b_s39b_b160k")]
    public void SuggestsTheNearestNames(string name, string first)
    {
        IReadOnlyList<string> suggestions = ModelCatalog.Default.Suggest(name);

        Assert.Equal(first, suggestions[0]);
        Assert.InRange(suggestions.Count, 1, 3);
    }

    [Theory]
    [InlineData("")]
    [InlineData("///")]
    [InlineData("stable-diffusion-xl-refiner")]
    public void SuggestsNothingThatIsFarOff(string name) => Assert.Empty(ModelCatalog.Default.Suggest(name));

    [Fact]
    public void BearsNamesOfAnyLength() => Assert.Empty(ModelCatalog.Default.Suggest(new string('x', 1 << 20)));

    [Fact]
    public void KnowsTheSizesOfTheCheckpointsWhereTheyArePublished()
        => Assert.All(
            ModelCatalog.Default.Entries.Where(entry => entry.ParametersMillions is not null),
            entry => Assert.All(
                entry.Sources.Select(source => source.Files[0]).Where(file => file.Size is not null),
                file => Assert.InRange(file.Size!.Value / (entry.ParametersMillions!.Value * 1e6), 1.9, 4.1)));

    private static IEnumerable<CatalogFile> AllFiles() => ModelCatalog.Default.Entries.SelectMany(entry => entry.Sources).SelectMany(source => source.Files);
}
