using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Layouts;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>One model in each of the namings and with each of the configurations that models are published in.</summary>
public sealed class NamingTests : IDisposable
{
    private const string SmallVision = """ "vision_config": {"hidden_size": 128, "num_attention_heads": 2, "num_hidden_layers": 2, "patch_size": 4, "image_size": 12} """;
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task HuggingFacesNamingGivesTheSameBytesAsOpenAis()
    {
        SyntheticModel model = SyntheticModel.Transformer();
        ModelBundle own = await ConvertAsync(model, "own", []);
        ModelBundle renamed = await ConvertAsync(model.InHuggingFaceNaming(), "hf", [("config.json", """{"model_type": "clip", "projection_dim": 24, "text_config": {"num_attention_heads": 2, "hidden_size": 128, "eos_token_id": 519}, """ + SmallVision + "}")]);
        Assert.Equal(own.Manifest.Files.Select(file => file.Sha256), renamed.Manifest.Files.Select(file => file.Sha256));
        Assert.Equal(own.Fingerprint, renamed.Fingerprint);
    }

    [Fact]
    public async Task ATimmTrunkWithCustomTextGivesTheSameBytesAsOpenAis()
    {
        SyntheticModel model = SyntheticModel.Transformer();
        ModelBundle own = await ConvertAsync(model, "own", []);
        ModelBundle renamed = await ConvertAsync(
            model.InTrunkNaming(),
            "trunk",
            [("open_clip_config.json", """{"model_cfg": {"embed_dim": 24, "quick_gelu": true, "vision_cfg": {"timm_model_name": "vit_small_patch4_clip_quickgelu_12", "timm_pool": "", "timm_proj": "linear", "image_size": 12}, "text_cfg": {"heads": 2, "width": 128, "layers": 2, "context_length": 12, "vocab_size": 520}}}""")]);
        Assert.Equal(own.Fingerprint, renamed.Fingerprint);
    }

    [Theory]
    [InlineData("hf", ModelPrecision.Fp32, 1e-4)]
    [InlineData("trunk", ModelPrecision.Fp32, 1e-4)]
    [InlineData("hf", ModelPrecision.Fp16, 5e-3)]
    [InlineData("trunk", ModelPrecision.DynamicInt8, 0.1)]
    public async Task SiglipIsThePlainImplementations(string naming, ModelPrecision precision, double tolerance)
    {
        SyntheticModel model = SyntheticModel.Siglip();
        bool huggingFace = naming == "hf";
        ModelBundle bundle = await ConvertAsync(
            huggingFace ? model.InHuggingFaceNaming() : model.InTrunkNaming(),
            naming,
            huggingFace
                ? [("config.json", """{"model_type": "siglip", "text_config": {"num_attention_heads": 1, "hidden_size": 64, "vocab_size": 520}, "vision_config": {"hidden_size": 64, "num_attention_heads": 1, "image_size": 12}}"""), ("preprocessor_config.json", """{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 3, "size": {"height": 12, "width": 12}}""")]
                : [("open_clip_config.json", """{"model_cfg": {"embed_dim": 64, "init_logit_bias": -10, "custom_text": true, "vision_cfg": {"image_size": 12, "timm_model_name": "vit_base_patch4_siglip_12", "timm_pool": "map", "timm_proj": "none"}, "text_cfg": {"context_length": 12, "vocab_size": 520, "width": 64, "heads": 1, "layers": 2, "no_causal_mask": true, "proj_bias": true, "pool_type": "last", "norm_kwargs": {"eps": 1e-6}}}}""")],
            precision);
        BundleManifest manifest = bundle.Manifest;
        Assert.Equal((ScoringKind.Sigmoid, MathF.Exp(4.7f), -12.5f), (manifest.Scoring.Kind, manifest.Scoring.LogitScale, manifest.Scoring.LogitBias));
        Assert.Equal((VisionPooling.AttentionMap, TextPooling.Last, false, false), (manifest.Architecture.Vision.Pooling, manifest.Architecture.Text.Pooling, manifest.Architecture.Text.Causal, manifest.Textual.DynamicContext));
        Assert.Equal((1e-6f, 1e-6f), (manifest.Architecture.Vision.NormEpsilon, manifest.Architecture.Text.NormEpsilon));
        Assert.Equal(("squash", "bicubic"), (manifest.Preprocessing.ResizeMode, manifest.Preprocessing.Interpolation));
        Assert.Equal([0.5f, 0.5f, 0.5f], manifest.Preprocessing.Mean);

        using ClipModel clip = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, Token);
        PlainClip plain = new(model) { TanhGelu = huggingFace, ErfGelu = !huggingFace, Epsilon = 1e-6 };
        Random random = new(3);
        byte[] pixels = new byte[2 * clip.Preprocessor.PixelCount];
        random.NextBytes(pixels);
        EmbeddingMatrix images = clip.EncodeImage(pixels, 2, Token);
        int[] ids = [.. Enumerable.Range(0, 2 * 12).Select(_ => random.Next(520))];
        EmbeddingMatrix texts = clip.EncodeText(new TokenBatch(ids, 2, 12), Token);
        for (int i = 0; i < 2; i++)
        {
            AssertClose(plain.EncodeImage(pixels[(i * clip.Preprocessor.PixelCount)..((i + 1) * clip.Preprocessor.PixelCount)]), images[i], tolerance);
            AssertClose(plain.EncodeText(ids[(i * 12)..((i + 1) * 12)]), texts[i], tolerance);
        }
    }

    [Fact]
    public async Task OpenClipsLongestSideAndFillComeFromTheConfiguration()
    {
        ModelBundle bundle = await ConvertAsync(
            SyntheticModel.Siglip().InTrunkNaming(),
            "longest",
            [("open_clip_config.json", """{"model_cfg": {"embed_dim": 64, "init_logit_bias": -10, "custom_text": true, "vision_cfg": {"image_size": 12, "timm_model_name": "vit_base_patch4_siglip_12", "timm_pool": "map", "timm_proj": "none"}, "text_cfg": {"context_length": 12, "vocab_size": 520, "width": 64, "heads": 1, "layers": 2, "no_causal_mask": true, "proj_bias": true, "pool_type": "last", "norm_kwargs": {"eps": 1e-6}}}, "preprocess_cfg": {"size": [12, 12], "resize_mode": "longest", "fill_color": 7}}""")],
            ModelPrecision.Fp32);
        Assert.Equal(("longest", 7), (bundle.Manifest.Preprocessing.ResizeMode, bundle.Manifest.Preprocessing.FillColor));
        using ClipModel clip = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, Token);
        Assert.Equal((ResizeMode.LongestSide, 7), (clip.Preprocessor.Settings.ResizeMode, clip.Preprocessor.Settings.Fill));
    }

    [Fact]
    public async Task HeadsComeFromTheConfiguration()
    {
        SyntheticModel model = SyntheticModel.Transformer(width: 160, textWidth: 96);
        ModelBundle bundle = await ConvertAsync(model, "heads", [("open_clip_config.json", """{"model_cfg": {"embed_dim": 24, "vision_cfg": {"width": 160, "head_width": 80, "layers": 2, "patch_size": 4}, "text_cfg": {"heads": 3, "width": 96}}}""")]);
        Assert.Equal((2, 3), (bundle.Manifest.Architecture.Vision.Heads, bundle.Manifest.Architecture.Text.Heads));
        Assert.Equal(ActivationKind.Gelu, bundle.Manifest.Architecture.Activation);
    }

    [Theory]
    [InlineData(1280, 16)]
    [InlineData(1408, 16)]
    [InlineData(1664, 16)]
    [InlineData(1024, 16)]
    [InlineData(768, 12)]
    public void HeadsOfThePublishedWidthsAreKnownWithoutAConfiguration(int width, int heads)
    {
        SyntheticModel model = SyntheticModel.Transformer(width: width, layers: 1, textLayers: 1);
        string path = _folder["model.safetensors"];
        File.WriteAllBytes(path, model.ToSafetensors());
        using ICheckpoint file = CheckpointFile.Open(path);
        Assert.Equal(heads, ModelLayout.Read(file).Architecture.Vision.Heads);
    }

    [Theory]
    [InlineData("""{"model_type": "clip", "text_config": {"num_attention_heads": 2, "eos_token_id": 2}, "vision_config": {"num_attention_heads": 2}}""", TextPooling.ArgMax, null)]
    [InlineData("""{"model_type": "clip", "text_config": {"num_attention_heads": 2, "eos_token_id": 519}, "vision_config": {"num_attention_heads": 2}}""", TextPooling.ArgMax, null)]
    [InlineData("""{"model_type": "clip", "text_config": {"num_attention_heads": 2, "eos_token_id": 7}, "vision_config": {"num_attention_heads": 2}}""", TextPooling.FirstEndToken, 7)]
    [InlineData("""{"model_type": "clip", "text_config": {"eos_token_id": 2}, "text_config_dict": {"num_attention_heads": 2, "eos_token_id": 7}, "vision_config": {"num_attention_heads": 2}}""", TextPooling.FirstEndToken, 7)]
    public async Task HuggingFacePoolsByItsEndToken(string configuration, TextPooling pooling, int? endToken)
    {
        ModelBundle bundle = await ConvertAsync(SyntheticModel.Transformer().InHuggingFaceNaming(), "hf", [("config.json", configuration)]);
        Assert.Equal((pooling, endToken), (bundle.Manifest.Architecture.Text.Pooling, bundle.Manifest.Architecture.Text.EndTokenId));
        using ClipModel clip = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, Token);
        int[] row = [1, 7, 300, 519, 7, 0, 0, 0, 0, 0, 0, 0];
        int[] cut = pooling == TextPooling.ArgMax ? [1, 7, 300, 519, 0, 0, 0, 0, 0, 0, 0, 0] : [1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        EmbeddingMatrix texts = clip.EncodeText(new TokenBatch([.. row, .. cut], 2, 12), Token);
        AssertClose([.. texts[0].ToArray().Select(value => (double)value)], texts[1], 1e-5);
    }

    [Theory]
    [InlineData("config.json", """{"model_type": "bert"}""", "model_type: expected clip or siglip, found 'bert'")]
    [InlineData("config.json", """{"model_type": "clip", "text_config": {"num_attention_heads": 5}, "vision_config": {"num_attention_heads": 2}}""", "does not divide into the 5 heads of config.json")]
    [InlineData("config.json", """{"model_type": "clip", "text_config": {"num_attention_heads": 2, "vocab_size": 99}, "vision_config": {"num_attention_heads": 2}}""", "vocabulary size: the tensors give 520, config.json says 99")]
    [InlineData("config.json", """{"model_type": "clip", "text_config": {"num_attention_heads": 2}, "vision_config": {"num_attention_heads": 2, "hidden_act": "swish"}}""", "vision_config.hidden_act: expected quick_gelu, gelu or gelu_pytorch_tanh, found 'swish'")]
    [InlineData("config.json", """{"model_type": "clip", "text_config": "no", "vision_config": {}}""", "text_config: expected an object")]
    [InlineData("config.json", "[]", "expected a JSON object")]
    [InlineData("open_clip_config.json", "{}", "config.json: is not beside the checkpoint")]
    public async Task AConfigurationThatDoesNotFitIsNamed(string file, string configuration, string message)
    {
        InvalidCheckpointException exception = await Assert.ThrowsAsync<InvalidCheckpointException>(() => ConvertAsync(SyntheticModel.Transformer().InHuggingFaceNaming(), "wrong", [(file, configuration)]));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["wrong-bundle"]));
    }

    [Theory]
    [InlineData(""" "vision_cfg": {"width": 128, "attentional_pool": true}, "text_cfg": {} """, "vision_cfg.attentional_pool: no plain CLIP tower has this")]
    [InlineData(""" "vision_cfg": {"width": 128, "pool_type": "avg"}, "text_cfg": {} """, "vision_cfg.pool_type: expected tok, found 'avg'")]
    [InlineData(""" "vision_cfg": {"width": 128}, "text_cfg": {"hf_model_name": "xlm-roberta-base"} """, "text_cfg.hf_model_name")]
    [InlineData(""" "vision_cfg": {"width": 128}, "text_cfg": {"heads": 2}, "multimodal_cfg": {} """, "a CoCa model is no CLIP")]
    [InlineData(""" "vision_cfg": {"width": 128, "layers": 3}, "text_cfg": {"heads": 2} """, "vision layers: the tensors give 2, open_clip_config.json says 3")]
    [InlineData(""" "vision_cfg": {"width": 128, "layers": "two"}, "text_cfg": {"heads": 2} """, "vision_cfg.layers: expected a whole number")]
    public async Task AnOpenClipConfigurationOfAnotherKindOfModelIsNamed(string configuration, string message)
    {
        InvalidCheckpointException exception = await Assert.ThrowsAsync<InvalidCheckpointException>(() => ConvertAsync(SyntheticModel.Transformer(), "wrong", [("open_clip_config.json", $"{{{configuration}}}")]));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenClipsFileWithoutItsConfigurationIsRefusedUnlessTheActivationIsStated()
    {
        Directory.CreateDirectory(_folder["bare"]);
        string path = Path.Combine(_folder["bare"], "open_clip_model.safetensors");
        await File.WriteAllBytesAsync(path, SyntheticModel.Transformer().ToSafetensors(), Token);
        InvalidCheckpointException exception = await Assert.ThrowsAsync<InvalidCheckpointException>(() => CheckpointConverter.ConvertAsync(path, _folder["bundle"], cancellationToken: Token));
        Assert.Contains("state the activation", exception.Message, StringComparison.Ordinal);
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(path, _folder["bundle"], new ConversionOptions { Activation = ActivationKind.Gelu }, cancellationToken: Token);
        Assert.Equal(ActivationKind.Gelu, bundle.Manifest.Architecture.Activation);
    }

    [Fact]
    public void AMissingOrMisshapenTensorIsNamedAsInItsOwnFile()
    {
        foreach (SyntheticModel model in new[] { SyntheticModel.Transformer().InHuggingFaceNaming(), SyntheticModel.Transformer().InTrunkNaming(), SyntheticModel.Siglip().InHuggingFaceNaming(), SyntheticModel.Siglip().InTrunkNaming() })
        {
            foreach (string name in model.Tensors.Keys.Where(name => name.Contains(".1.", StringComparison.Ordinal) || name.Contains("final", StringComparison.Ordinal) || name.Contains("norm", StringComparison.Ordinal)).ToArray())
            {
                (long[] Shape, float[] Values) tensor = model.Tensors[name];
                model.Tensors.Remove(name);
                Assert.Contains(name, Refusal(model).Message, StringComparison.Ordinal);
                model.Tensors[name] = ([.. tensor.Shape.Select((size, i) => i == 0 ? size + 1 : size)], [.. tensor.Values, .. new float[tensor.Values.Length / tensor.Shape[0]]]);
                Assert.Matches(@"expected \[.*\], found \[|\] does not fit .*, which is \[|width of 129|expected 24, found 25", Refusal(model).Message);
                model.Tensors[name] = tensor;
            }
        }
    }

    [Fact]
    public async Task AWeightBeyondSixteenBitsIsRefusedInFp16AndNamed()
    {
        SyntheticModel model = SyntheticModel.Transformer();
        model.Tensors["transformer.resblocks.1.mlp.c_fc.weight"].Values[77] = -70000;
        InvalidCheckpointException exception = await Assert.ThrowsAsync<InvalidCheckpointException>(() => ConvertAsync(model, "large", [], ModelPrecision.Fp16));
        Assert.Contains("c_fc.weight", exception.Message, StringComparison.Ordinal);
        Assert.Contains("70000", exception.Message, StringComparison.Ordinal);
    }

    private static void AssertClose(double[] expected, ReadOnlySpan<float> actual, double tolerance)
        => GoldenModelTests.AssertClose([.. expected.Select(value => (float)value)], actual, tolerance);

    private InvalidCheckpointException Refusal(SyntheticModel model)
    {
        string path = _folder["refused.safetensors"];
        File.WriteAllBytes(path, model.ToSafetensors());
        using ICheckpoint file = CheckpointFile.Open(path);
        return Assert.Throws<InvalidCheckpointException>(() => ModelLayout.Read(file));
    }

    private async Task<ModelBundle> ConvertAsync(SyntheticModel model, string name, (string File, string Text)[] configurations, ModelPrecision precision = ModelPrecision.Fp32)
    {
        string source = model.Save(_folder[name]);
        foreach ((string file, string text) in configurations)
        {
            await File.WriteAllTextAsync(Path.Combine(_folder[name], file), text, Token);
        }

        return await CheckpointConverter.ConvertAsync(source, _folder[$"{name}-bundle"], new ConversionOptions { Precision = precision }, cancellationToken: Token);
    }
}
