using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;

namespace ClipFunctions.ModelCaching.Tests;

public sealed class ReadyMadeSourceTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("clip-ready-made-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task FindsAFolderOfAnotherToolBesideBundles()
    {
        string folder = WriteImmich("RN-demo__drawn");
        DirectoryModelSource source = new("cache", _directory);
        Assert.Equal(["RN-demo__drawn"], (await source.ListAsync(Token)).Select(model => model.Id));

        ModelBundle? bundle = await source.FindAsync(ModelRequest.Parse("RN-demo__drawn"), null, Token);
        Assert.Equal("RN-demo__drawn", bundle?.Id);
        Assert.NotNull(await source.FindAsync(ModelRequest.Parse("RN-demo__drawn:fp32"), null, Token));
        Assert.Null(await source.FindAsync(ModelRequest.Parse("RN-demo__drawn:int8"), null, Token));
        Assert.Null(await source.FindAsync(ModelRequest.Parse("another"), null, Token));
        Assert.False(File.Exists(Path.Combine(folder, BundleManifest.FileName)));

        using ClipModel expected = await ClipModel.LoadAsync(ModelBundle.Open(RepositoryPaths.DemoBundle), cancellationToken: Token);
        using ClipModel model = await ClipModel.LoadAsync(bundle!, cancellationToken: Token);
        byte[] pixels = new byte[3 * model.Preprocessor.PixelCount];
        new Random(4).NextBytes(pixels);
        TokenBatch tokens = expected.Tokenizer.Tokenize(["a cat", "a red circle"], expected.ContextLength);
        AssertClose(expected.EncodeImage(pixels, 3, Token), model.EncodeImage(pixels, 3, Token));
        AssertClose(expected.EncodeText(tokens, Token), model.EncodeText(tokens, Token));
    }

    [Fact]
    public async Task ABrokenFolderOfAnotherToolIsAnInvalidBundle()
    {
        await File.WriteAllTextAsync(Path.Combine(WriteImmich("broken"), "config.json"), "{", Token);
        InvalidBundleException exception = await Assert.ThrowsAsync<InvalidBundleException>(() => new DirectoryModelSource("cache", _directory).FindAsync(ModelRequest.Parse("broken"), null, Token));
        Assert.Contains("config.json", exception.Message, StringComparison.Ordinal);
    }

    // The demo model's graphs; their inputs keep their names, which no layout prescribes.
    private string WriteImmich(string name)
    {
        string folder = Path.Combine(_directory, name);
        foreach (string tower in (string[])["visual", "textual"])
        {
            Directory.CreateDirectory(Path.Combine(folder, tower));
            File.Copy(Path.Combine(RepositoryPaths.DemoBundle, $"{tower}.onnx"), Path.Combine(folder, tower, "model.onnx"));
        }

        File.WriteAllText(Path.Combine(folder, "config.json"), """
            {"embed_dim":256,"quick_gelu":true,"vision_cfg":{"image_size":64,"layers":[1,2,2,1],"width":24},
            "text_cfg":{"context_length":16,"vocab_size":2014,"width":128,"heads":2,"layers":2}}
            """);
        File.WriteAllText(Path.Combine(folder, "visual/preprocess_cfg.json"), """{"size":[64,64],"resize_mode":"shortest","interpolation":"bicubic"}""");
        return folder;
    }

    private static void AssertClose(EmbeddingMatrix expected, EmbeddingMatrix actual)
    {
        for (int i = 0; i < expected.Values.Length; i++)
        {
            Assert.Equal(expected.Values.Span[i], actual.Values.Span[i], 1e-5f);
        }
    }
}
