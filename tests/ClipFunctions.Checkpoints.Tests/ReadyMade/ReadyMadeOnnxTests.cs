using System.Text.Json.Nodes;
using ClipFunctions.Checkpoints.Onnx.Proto;
using ClipFunctions.Checkpoints.ReadyMade;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Tests.ReadyMade;

public sealed class ReadyMadeOnnxTests : IDisposable
{
    private static readonly string[] Texts = ["the cat", "dog", "", "a cat, the dog!", "ca do"];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnImmichFolderGivesTheVectorsOfOurOwnBundle(bool resnet)
    {
        ModelBundle own = await ReadyMadeFolder.ConvertAsync(_folder, resnet, Token);
        string folder = ReadyMadeFolder.WriteImmich(own, _folder["ViT-tiny__seeded"]);
        string[] before = [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Assert.Equal([ModelPrecision.Fp32], ReadyMadeOnnx.PrecisionsOf(folder));
        ModelBundle bundle = await ReadyMadeOnnx.OpenAsync(folder, cancellationToken: Token);
        Assert.Equal("ViT-tiny__seeded", bundle.Id);
        Assert.True(bundle.Manifest.Visual.SingleItem && bundle.Manifest.Textual.SingleItem);
        Assert.False(bundle.Manifest.Textual.DynamicContext);
        Assert.Equal(GraphInputKind.TokensInt32, bundle.Manifest.Textual.InputKind);
        Assert.Equal((100f, 0f), (bundle.Manifest.Scoring.LogitScale, bundle.Manifest.Scoring.LogitBias));
        Assert.Contains("logit scale", Assert.Single(bundle.Manifest.Notes!), StringComparison.Ordinal);
        Assert.Equal(resnet ? VisionKind.ModifiedResNet : VisionKind.VisionTransformer, bundle.Manifest.Architecture.Vision.Kind);
        await AssertSameVectors(own, bundle);
        await bundle.VerifyAsync(Token);
        Assert.Equal(before, Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AHuggingFaceFolderGivesTheVectorsOfOurOwnBundle()
    {
        ModelBundle own = await ReadyMadeFolder.ConvertAsync(_folder, false, Token);
        ModelBundle bundle = await ReadyMadeOnnx.OpenAsync(ReadyMadeFolder.WriteHuggingFace(own, _folder["hf"]), "some/id", cancellationToken: Token);
        Assert.Equal("some/id", bundle.Id);
        Assert.Equal(("input_ids", "attention_mask", "text_embeds"), (bundle.Manifest.Textual.Input, bundle.Manifest.Textual.AttentionMask, bundle.Manifest.Textual.Output));
        Assert.Equal(("pixel_values", "image_embeds"), (bundle.Manifest.Visual.Input, bundle.Manifest.Visual.Output));
        Assert.Equal((GraphInputKind.TokensInt64, TextPooling.FirstEndToken, 519), (bundle.Manifest.Textual.InputKind, bundle.Manifest.Architecture.Text.Pooling, bundle.Manifest.Architecture.Text.EndTokenId));
        Assert.True(bundle.Manifest.Textual.DynamicContext);
        Assert.Equal(["vocab.json", "merges.txt"], bundle.Manifest.Tokenizer.Files);
        await AssertSameVectors(own, bundle);
        Assert.NotEqual(own.Fingerprint, bundle.Fingerprint);
    }

    [Fact]
    public async Task ALinkedSnapshotOfTheHubsCacheLoads()
    {
        ModelBundle own = await ReadyMadeFolder.ConvertAsync(_folder, false, Token);
        string files = ReadyMadeFolder.WriteHuggingFace(own, _folder["blobs"]);
        string links = _folder["snapshot"];
        Directory.CreateDirectory(Path.Combine(links, "onnx"));
        foreach (string file in Directory.GetFiles(files, "*", SearchOption.AllDirectories))
        {
            File.CreateSymbolicLink(Path.Combine(links, Path.GetRelativePath(files, file)), file);
        }

        await AssertSameVectors(own, await ReadyMadeOnnx.OpenAsync(links, cancellationToken: Token));
    }

    [Fact]
    public async Task TheFilesOfAPrecisionAreFoundByTheirEndings()
    {
        ModelBundle own = await ReadyMadeFolder.ConvertAsync(_folder, false, Token);
        string folder = ReadyMadeFolder.WriteHuggingFace(own, _folder["hf"], "_quantized");
        ReadyMadeFolder.WriteHuggingFace(own, folder, "_fp16");
        Assert.Equal([ModelPrecision.Fp16, ModelPrecision.DynamicInt8], ReadyMadeOnnx.PrecisionsOf(folder));
        Assert.Equal("onnx/vision_model_fp16.onnx", (await ReadyMadeOnnx.OpenAsync(folder, cancellationToken: Token)).Manifest.Visual.File);
        ModelBundle quantized = await ReadyMadeOnnx.OpenAsync(folder, precision: ModelPrecision.DynamicInt8, cancellationToken: Token);
        Assert.Equal(("onnx/text_model_quantized.onnx", ModelPrecision.DynamicInt8), (quantized.Manifest.Textual.File, quantized.Manifest.Precision));
        Assert.Contains("holds no Fp32", (await Refused(folder, ModelPrecision.Fp32)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, "onnx/text_model_fp16.onnx"));
        Assert.Equal([ModelPrecision.DynamicInt8], ReadyMadeOnnx.PrecisionsOf(folder));
    }

    [Fact]
    public async Task ConstantsInFilesOfTheirOwnBelongToTheBundle()
    {
        ModelBundle own = await ReadyMadeFolder.ConvertAsync(_folder, false, Token);
        SyntheticModel.Transformer().Save(_folder["large-source"]);
        ModelBundle external = await CheckpointConverter.ConvertAsync(_folder["large-source"], _folder["large"], new ConversionOptions { VisionInput = GraphInputKind.PixelsFloat32Nchw, InlineLimit = 1000 }, cancellationToken: Token);
        string folder = ReadyMadeFolder.WriteHuggingFace(external, _folder["hf"]);
        foreach (string tower in (string[])["visual", "textual"])
        {
            File.Copy(external.PathOf($"{tower}.onnx.data"), Path.Combine(folder, "onnx", $"{tower}.onnx.data"));
        }

        ModelBundle bundle = await ReadyMadeOnnx.OpenAsync(folder, cancellationToken: Token);
        Assert.Contains("onnx/textual.onnx.data", bundle.Manifest.Files.Select(file => file.Name));
        await AssertSameVectors(own, bundle);

        File.Delete(Path.Combine(folder, "onnx/visual.onnx.data"));
        Assert.Contains("visual.onnx.data", (await Refused(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConstantsOutsideTheFolderAreRefused()
    {
        string folder = ReadyMadeFolder.WriteHuggingFace(await ReadyMadeFolder.ConvertAsync(_folder, false, Token), _folder["hf"]);
        foreach (string location in (string[])["../secret", "/etc/passwd", "a/../../b", "C:secret", "..\\secret", ""])
        {
            ReadyMadeFolder.Change(Path.Combine(folder, "onnx/text_model.onnx"), model =>
            {
                TensorProto tensor = model.Graph.Initializer[0];
                tensor.DataLocation = TensorProto.Types.DataLocation.External;
                tensor.ExternalData.Clear();
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
            });
            Assert.Contains("no file below its folder", (await Refused(folder)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("second input", "inputs", "expected the tokens and perhaps attention_mask")]
    [InlineData("float tokens", "input_ids", "expected int32 or int64 tokens")]
    [InlineData("mask type", "attention_mask", "expected the element type of input_ids")]
    [InlineData("context", "input_ids", "expected the shape [n or 1, 12], found [n, 11]")]
    [InlineData("batch", "input_ids", "expected the shape [n or 1, 12], found [4, length]")]
    [InlineData("half output", "text_embeds", "expected float32")]
    [InlineData("wide output", "text_embeds", "expected the shape [n or 1, 24], found [n, 25]")]
    [InlineData("no output", "outputs", "expected one of text_embeds")]
    public async Task AGraphThatCannotBeFedSaysWhy(string fault, string item, string problem)
    {
        string folder = ReadyMadeFolder.WriteHuggingFace(await ReadyMadeFolder.ConvertAsync(_folder, false, Token), _folder["hf"]);
        ReadyMadeFolder.Change(Path.Combine(folder, "onnx/text_model.onnx"), model =>
        {
            ValueInfoProto tokens = model.Graph.Input[0];
            ValueInfoProto output = model.Graph.Output.Single(output => output.Name == "text_embeds");
            switch (fault)
            {
                case "second input":
                    model.Graph.Input.Add(new ValueInfoProto(tokens) { Name = "position_ids" });
                    break;
                case "float tokens":
                    tokens.Type.TensorType.ElemType = (int)DataType.Float;
                    break;
                case "mask type":
                    model.Graph.Input[1].Type.TensorType.ElemType = (int)DataType.Int32;
                    break;
                case "context":
                    ReadyMadeFolder.Fix(tokens, 1, 11);
                    break;
                case "batch":
                    ReadyMadeFolder.Fix(tokens, 0, 4);
                    break;
                case "half output":
                    output.Type.TensorType.ElemType = (int)DataType.Float16;
                    break;
                case "wide output":
                    ReadyMadeFolder.Fix(output, 1, 25);
                    break;
                default:
                    output.Name = "logits";
                    break;
            }
        });
        InvalidCheckpointException exception = await Refused(folder);
        Assert.Equal(item, exception.Item);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json", "model_type", "\"bert\"", "expected clip or siglip")]
    [InlineData("config.json", "projection_dim", "\"many\"", "expected a whole number")]
    [InlineData("config.json", "vision_config.image_size", "13", "expected 13, as config.json has it, found 12")]
    [InlineData("preprocessor_config.json", "resample", "0", "expected 3 (bicubic) or 2 (bilinear)")]
    [InlineData("preprocessor_config.json", "size", "{\"shortest_edge\":14}", "found 14")]
    [InlineData("preprocessor_config.json", "crop_size", "{\"height\":12,\"width\":9}", "expected a square, found 12 × 9")]
    public async Task AConfigurationThatIsNoneSaysWhy(string file, string entry, string value, string problem)
    {
        string folder = ReadyMadeFolder.WriteHuggingFace(await ReadyMadeFolder.ConvertAsync(_folder, false, Token), _folder["hf"]);
        ReadyMadeFolder.Change(Path.Combine(folder, file), entry, JsonNode.Parse(value));
        InvalidCheckpointException exception = await Refused(folder);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        Assert.Contains(file, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherFoldersAreNotReadyMade()
    {
        Assert.Empty(ReadyMadeOnnx.PrecisionsOf(_folder["nowhere"]));
        Assert.Contains("holds neither", (await Refused(_folder["nowhere"])).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_folder["hf/onnx"]);
        await File.WriteAllBytesAsync(_folder["hf/onnx/model.onnx"], [1], Token);
        Assert.Empty(ReadyMadeOnnx.PrecisionsOf(_folder["hf"]));
        Assert.Contains("export them one by one", (await Refused(_folder["hf"])).Message, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(_folder["hf/onnx/vision_model.onnx"], [1], Token);
        await File.WriteAllBytesAsync(_folder["hf/onnx/text_model.onnx"], [], Token);
        Assert.Contains("config.json", (await Refused(_folder["hf"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAVocabularyTokensCanBeEncoded()
    {
        ModelBundle own = await ReadyMadeFolder.ConvertAsync(_folder, false, Token);
        string folder = ReadyMadeFolder.WriteHuggingFace(own, _folder["hf"]);
        File.Delete(Path.Combine(folder, "merges.txt"));
        ModelBundle bundle = await ReadyMadeOnnx.OpenAsync(folder, cancellationToken: Token);
        Assert.Contains(bundle.Manifest.Notes!, note => note.Contains("no vocabulary", StringComparison.Ordinal));
        using ClipModel model = await ClipModel.LoadAsync(bundle, cancellationToken: Token);
        Assert.False(model.HasTokenizer);
        Assert.Equal(1, model.EncodeText(new TokenBatch([518, 519], 1, 2), Token).Count);
    }

    [Fact]
    public async Task AGraphThatTakesBytesIsGivenBytes()
    {
        SyntheticModel.Transformer().Save(_folder["bytes-source"]);
        ModelBundle bytes = await CheckpointConverter.ConvertAsync(_folder["bytes-source"], _folder["bytes"], cancellationToken: Token);
        ModelBundle bundle = await ReadyMadeOnnx.OpenAsync(ReadyMadeFolder.WriteImmich(bytes, _folder["immich"]), cancellationToken: Token);
        Assert.Equal(GraphInputKind.PixelsUInt8Nhwc, bundle.Manifest.Visual.InputKind);
        await AssertSameVectors(bytes, bundle);
    }

    private static async Task AssertSameVectors(ModelBundle own, ModelBundle readyMade)
    {
        using ClipModel expected = await ClipModel.LoadAsync(own, new ClipModelOptions { Device = "cpu" }, Token);
        using ClipModel actual = await ClipModel.LoadAsync(readyMade, new ClipModelOptions { Device = "cpu" }, Token);
        byte[] pixels = new byte[7 * expected.Preprocessor.PixelCount];
        new Random(7).NextBytes(pixels);
        AssertSame(expected.EncodeImage(pixels, 7, Token), actual.EncodeImage(pixels, 7, Token));
        AssertSame(expected.EncodeText(Texts, truncate: true, Token), actual.EncodeText(Texts, truncate: true, Token));

        // Rows shorter than the context, with something behind the end token.
        TokenBatch rows = new([518, 3, 519, 7, 518, 519, 5, 519, 518, 400, 300, 519], 3, 4);
        AssertSame(expected.EncodeText(rows, Token), actual.EncodeText(rows, Token));
        await actual.WarmUpAsync(cancellationToken: Token);
    }

    private static void AssertSame(EmbeddingMatrix expected, EmbeddingMatrix actual)
        => GoldenModelTests.AssertClose(expected.Normalize().Values.Span, actual.Normalize().Values.Span, 1e-5);

    private static Task<InvalidCheckpointException> Refused(string folder, ModelPrecision? precision = null)
        => Assert.ThrowsAsync<InvalidCheckpointException>(() => ReadyMadeOnnx.OpenAsync(folder, precision: precision, cancellationToken: Token));
}
