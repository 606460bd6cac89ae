using ClipFunctions.Checkpoints.ReadyMade;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Checkpoints.Tests.ReadyMade;

public sealed class ReadyMadeSiglipTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AnImmichSiglipIsASigmoidModelWithOpenClipsCleaning()
    {
        ModelBundle bundle = await ReadyMadeOnnx.OpenAsync(TinyTowers.WriteImmich(_folder["immich"], sigmoid: true), cancellationToken: Token);
        BundleManifest manifest = bundle.Manifest;
        Assert.Equal((ScoringKind.Sigmoid, 100f, -10f), (manifest.Scoring.Kind, manifest.Scoring.LogitScale, manifest.Scoring.LogitBias));
        Assert.Equal((TokenizerSpec.SentencePiece, TextCleaning.Canonicalize, 1), (manifest.Tokenizer.Kind, manifest.Tokenizer.Cleaning, manifest.Tokenizer.PadTokenId));
        Assert.Equal((TextPooling.Last, false, VisionPooling.AttentionMap), (manifest.Architecture.Text.Pooling, manifest.Architecture.Text.Causal, manifest.Architecture.Vision.Pooling));
        Assert.Equal((768, 12, 4), (manifest.Architecture.Vision.Width, manifest.Architecture.Vision.Heads, manifest.Architecture.Vision.PatchSize));
        Assert.Equal(("squash", 0.5f), (manifest.Preprocessing.ResizeMode, manifest.Preprocessing.Mean[0]));
        using ClipModel model = await ClipModel.LoadAsync(bundle, cancellationToken: Token);

        // "a cat" and six end tokens, which are the padding.
        Assert.Equal(14 + 15 + 6, model.EncodeText(["A_cat?"], cancellationToken: Token)[0][0]);
    }

    [Theory]
    [InlineData(false, "bicubic", 14 + 15 + 6)]
    [InlineData(true, "bilinear", 284 + 268 + 1)]
    public async Task AHuggingFaceSiglipTakesItsVocabularyAndPadding(bool gemma, string interpolation, float sum)
    {
        ModelBundle bundle = await ReadyMadeOnnx.OpenAsync(TinyTowers.WriteHuggingFaceSiglip(_folder["hf"], gemma), cancellationToken: Token);
        BundleManifest manifest = bundle.Manifest;
        Assert.Equal((ScoringKind.Sigmoid, interpolation, "squash"), (manifest.Scoring.Kind, manifest.Preprocessing.Interpolation, manifest.Preprocessing.ResizeMode));
        Assert.Equal((gemma ? TextCleaning.Lowercase : TextCleaning.Siglip, gemma ? 0 : 1), (manifest.Tokenizer.Cleaning, manifest.Tokenizer.PadTokenId));
        Assert.Equal(("pooler_output", "attention_mask", false), (manifest.Textual.Output, manifest.Textual.AttentionMask, manifest.Textual.DynamicContext));
        using ClipModel model = await ClipModel.LoadAsync(bundle, cancellationToken: Token);
        Assert.Equal(sum, model.EncodeText(["A CAT"], cancellationToken: Token)[0][0]);
        byte[] pixels = [.. Enumerable.Repeat((byte)255, 2 * model.Preprocessor.PixelCount)];
        Assert.Equal([15, 9, 12, 15], model.EncodeImage(pixels, 2, Token)[1].ToArray());
    }

    [Theory]
    [InlineData("vision_cfg.timm_model_name", "convnext_base", "expected a vision transformer")]
    [InlineData("text_cfg.tokenizer_kwargs", "canonicalize", "expected an object")]
    [InlineData("text_cfg.hf_model_name", "xlm-roberta-base", "no CLIP text tower")]
    public async Task TowersThatAreNoPlainOnesAreRefused(string entry, string value, string problem)
    {
        string folder = TinyTowers.WriteImmich(_folder["immich"], sigmoid: true);
        ReadyMadeFolder.Change(Path.Combine(folder, "config.json"), entry, value);
        InvalidCheckpointException exception = await Assert.ThrowsAsync<InvalidCheckpointException>(() => ReadyMadeOnnx.OpenAsync(folder, cancellationToken: Token));
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }
}
