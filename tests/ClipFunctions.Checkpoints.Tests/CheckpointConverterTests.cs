using System.Text.Json.Nodes;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Checkpoints.Tests;

public class CheckpointConverterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(ModelPrecision.Fp32, WeightStorage.Fp32)]
    [InlineData(ModelPrecision.Fp32, WeightStorage.Fp16WhereExact)]
    [InlineData(ModelPrecision.Fp32, WeightStorage.Fp16)]
    [InlineData(ModelPrecision.Fp16, WeightStorage.Fp16)]
    [InlineData(ModelPrecision.DynamicInt8, WeightStorage.EightBit)]
    public async Task TheSameCheckpointGivesTheSameBytes(ModelPrecision precision, WeightStorage weights)
    {
        foreach (SyntheticModel model in new[] { SyntheticModel.Transformer(), SyntheticModel.ResNet() })
        {
            string source = model.Save(_folder["source"]);
            ConversionOptions options = new() { Precision = precision, Weights = precision == ModelPrecision.Fp32 ? weights : WeightStorage.Fp32, Overwrite = true };
            ModelBundle first = await CheckpointConverter.ConvertAsync(source, _folder["first"], options, cancellationToken: Token);
            ModelBundle second = await CheckpointConverter.ConvertAsync(source, _folder["second"], options, cancellationToken: Token);
            Assert.Equal(first.Fingerprint, second.Fingerprint);
            Assert.Equal((precision, weights), (first.Manifest.Precision, first.Manifest.Weights));
            string[] files = [.. Directory.GetFiles(first.Folder).Select(file => Path.GetFileName(file)).Order()];
            Assert.Equal(["bpe_vocab.txt.gz", "clip.json", "textual.onnx", "visual.onnx"], files);
            foreach (string file in files)
            {
                Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(first.Folder, file), Token), await File.ReadAllBytesAsync(Path.Combine(second.Folder, file), Token));
            }

            await first.VerifyAsync(Token);
        }
    }

    [Fact]
    public async Task TheManifestSaysWhatTheCheckpointIs()
    {
        string source = SyntheticModel.Transformer().Save(_folder["source"]);
        List<ConversionProgress> reports = [];
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(source, _folder["bundle"], new ConversionOptions { Id = "tiny" }, new Reporter(reports), Token);
        BundleManifest manifest = bundle.Manifest;
        Assert.Equal("tiny", manifest.Id);
        Assert.Equal(MathF.Exp(3), manifest.Scoring.LogitScale);
        Assert.Equal("model.safetensors", manifest.Source!.Url);
        Assert.Equal(64, manifest.Source.Sha256!.Length);
        Assert.Equal(["bpe_vocab.txt.gz"], manifest.Tokenizer.Files);
        Assert.StartsWith("ClipFunctions ", manifest.Converter, StringComparison.Ordinal);
        Assert.Equal(reports[^1].BytesTotal, reports[^1].BytesDone);
        Assert.True(reports[^1].BytesTotal > 0);
    }

    [Fact]
    public async Task AModelCardFillsInWhatTheTensorsDoNotTell()
    {
        string source = SyntheticModel.ResNet().Save(_folder["source"]);
        await File.WriteAllTextAsync(Path.Combine(_folder["source"], "model_card.json"), """{"id":"carded","context_length":12,"mean":[0.5,0.5,0.5],"std":[0.25,0.5,1],"activation":"gelu","trained":{"steps":1}}""", Token);
        new LabelSet("pets", ["cat", "dog"]).Save(Path.Combine(_folder["source"], "labels.json"));
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(_folder["source"], _folder["bundle"], cancellationToken: Token);
        Assert.Equal("carded", bundle.Id);
        Assert.Equal(ActivationKind.Gelu, bundle.Manifest.Architecture.Activation);
        Assert.Equal([0.5f, 0.5f, 0.5f], bundle.Manifest.Preprocessing.Mean);
        Assert.Equal([0.25f, 0.5f, 1f], bundle.Manifest.Preprocessing.Std);
        Assert.Equal(["cat", "dog"], LabelSet.Load(bundle.LabelsPath!).Labels);
        Assert.Equal("model.safetensors", Path.GetFileName(source));
    }

    [Theory]
    [InlineData("""{"context_length":13}""", "the model card says 13")]
    [InlineData("""{"activation":"swish"}""", "found 'swish'")]
    [InlineData("""{"tokenizer":"../../etc/passwd"}""", "is no name of a file beside the card")]
    [InlineData("""{"tokenizer":"absent.txt.gz"}""", "there is no such file")]
    [InlineData("""{"mean":"grey"}""", "$.mean")]
    [InlineData("""no json""", "model_card.json")]
    public async Task AWrongModelCardIsAnErrorThatSaysSoAndLeavesNothing(string card, string message)
    {
        SyntheticModel.ResNet().Save(_folder["source"]);
        await File.WriteAllTextAsync(Path.Combine(_folder["source"], "model_card.json"), card, Token);
        InvalidCheckpointException exception = await Assert.ThrowsAsync<InvalidCheckpointException>(() => CheckpointConverter.ConvertAsync(_folder["source"], _folder["bundle"], cancellationToken: Token));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        AssertNothingBut("source");
    }

    [Fact]
    public async Task AWrongStdIsAnInvalidBundleAndLeavesNothing()
    {
        SyntheticModel.ResNet().Save(_folder["source"]);
        InvalidBundleException exception = await Assert.ThrowsAsync<InvalidBundleException>(() => CheckpointConverter.ConvertAsync(_folder["source"], _folder["bundle"], new ConversionOptions { Std = [1, 0, 1] }, cancellationToken: Token));
        Assert.Equal("preprocessing.std[1]", exception.Field);
        AssertNothingBut("source");
    }

    [Fact]
    public async Task ACancelledConversionLeavesNothing()
    {
        SyntheticModel.Transformer().Save(_folder["source"]);
        using CancellationTokenSource cancellation = new();
        Canceller progress = new(cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CheckpointConverter.ConvertAsync(_folder["source"], _folder["bundle"], null, progress, cancellation.Token));
        AssertNothingBut("source");
    }

    [Fact]
    public async Task ABundleIsOnlyReplacedWhenAskedTo()
    {
        SyntheticModel.ResNet(seed: 1).Save(_folder["source"]);
        ModelBundle first = await CheckpointConverter.ConvertAsync(_folder["source"], _folder["bundle"], cancellationToken: Token);
        SyntheticModel.ResNet(seed: 2).Save(_folder["source"]);
        await Assert.ThrowsAsync<IOException>(() => CheckpointConverter.ConvertAsync(_folder["source"], _folder["bundle"], cancellationToken: Token));
        Assert.Equal(first.Fingerprint, ModelBundle.Open(_folder["bundle"]).Fingerprint);
        ModelBundle second = await CheckpointConverter.ConvertAsync(_folder["source"], _folder["bundle"], new ConversionOptions { Overwrite = true }, cancellationToken: Token);
        Assert.NotEqual(first.Fingerprint, second.Fingerprint);
        AssertNothingBut("source", "bundle");
    }

    [Theory]
    [InlineData(ModelPrecision.Fp32)]
    [InlineData(ModelPrecision.Fp16)]
    [InlineData(ModelPrecision.DynamicInt8)]
    public async Task ExternalDataGivesTheSameVectors(ModelPrecision precision)
    {
        string source = SyntheticModel.Transformer().Save(_folder["source"]);
        ModelBundle inside = await CheckpointConverter.ConvertAsync(source, _folder["inside"], new ConversionOptions { Precision = precision }, cancellationToken: Token);
        ModelBundle outside = await CheckpointConverter.ConvertAsync(source, _folder["outside"], new ConversionOptions { Precision = precision, InlineLimit = 1000 }, cancellationToken: Token);
        Assert.Contains(outside.Manifest.Files, file => file.Name == "visual.onnx.data");
        Assert.NotEqual(inside.Fingerprint, outside.Fingerprint);
        using ClipModel first = await ClipModel.LoadAsync(inside, cancellationToken: Token);
        using ClipModel second = await ClipModel.LoadAsync(outside, cancellationToken: Token);
        byte[] pixels = new byte[first.Preprocessor.PixelCount];
        Assert.Equal(first.EncodeImage(pixels, 1, Token).Values.ToArray(), second.EncodeImage(pixels, 1, Token).Values.ToArray());
        Assert.Equal(first.EncodeText(["a cat"], cancellationToken: Token).Values.ToArray(), second.EncodeText(["a cat"], cancellationToken: Token).Values.ToArray());
    }

    [Fact]
    public async Task WeightsThatAreNoHalfFloatsKeepTheirBitsWhereStorageMustBeExact()
    {
        string source = SyntheticModel.Transformer().Save(_folder["source"]);
        ModelBundle full = await CheckpointConverter.ConvertAsync(source, _folder["full"], cancellationToken: Token);
        ModelBundle exact = await CheckpointConverter.ConvertAsync(source, _folder["exact"], new ConversionOptions { Weights = WeightStorage.Fp16WhereExact }, cancellationToken: Token);
        ModelBundle half = await CheckpointConverter.ConvertAsync(source, _folder["half"], new ConversionOptions { Weights = WeightStorage.Fp16 }, cancellationToken: Token);
        Assert.Equal(full.Manifest.Files[0].Sha256, exact.Manifest.Files[0].Sha256);
        Assert.True(half.Size < full.Size * 0.6);
    }

    [Fact]
    public async Task AFingerprintDoesNotDependOnWhereTheCheckpointWasOrWhatItIsCalled()
    {
        SyntheticModel model = SyntheticModel.ResNet();
        ModelBundle first = await CheckpointConverter.ConvertAsync(model.Save(_folder["a"]), _folder["first"], new ConversionOptions { Id = "one" }, cancellationToken: Token);
        ModelBundle second = await CheckpointConverter.ConvertAsync(model.Save(_folder["b"]), _folder["second"], new ConversionOptions { Id = "two", Source = new ModelSource { Url = "https://example.org/model" } }, cancellationToken: Token);
        Assert.Equal(first.Fingerprint, second.Fingerprint);
        JsonNode json = JsonNode.Parse(await File.ReadAllBytesAsync(Path.Combine(second.Folder, BundleManifest.FileName), Token))!;
        Assert.Equal("https://example.org/model", (string?)json["source"]!["url"]);
    }

    private void AssertNothingBut(params string[] names)
        => Assert.Equal(names.Order(), Directory.GetFileSystemEntries(_folder.Path).Select(path => Path.GetFileName(path)).Order());

    private sealed class Reporter(List<ConversionProgress> reports) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => reports.Add(value);
    }

    private sealed class Canceller(CancellationTokenSource cancellation) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            if (value.BytesDone > 0)
            {
                cancellation.Cancel();
            }
        }
    }
}
