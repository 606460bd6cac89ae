using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Tokenization;
using CsCheck;

namespace ClipFunctions.Clip.Tests.Bundles;

public class BundleManifestTests
{
    internal static BundleManifest Manifest { get; } = new()
    {
        Format = 1,
        Id = "demo",
        Architecture = new ClipArchitecture
        {
            EmbeddingDimension = 256,
            Activation = ActivationKind.QuickGelu,
            Vision = new VisionArchitecture { Kind = VisionKind.VisionTransformer, ImageSize = 64, PatchSize = 8, Width = 128, Layers = [3], Heads = 2, MlpWidth = 512 },
            Text = new TextArchitecture { ContextLength = 16, VocabularySize = 2514, Width = 128, Layers = 2, Heads = 2, MlpWidth = 512, Causal = true, Pooling = TextPooling.ArgMax },
        },
        Scoring = new ScoringRule { Kind = ScoringKind.Softmax, LogitScale = 21.453512f },
        Preprocessing = new PreprocessingSpec { Size = 64 },
        Tokenizer = new TokenizerSpec { Kind = TokenizerSpec.ClipBpe, ContextLength = 16, Files = ["bpe.txt.gz"] },
        Visual = new GraphSpec { File = "visual.onnx", Input = "pixels", InputKind = GraphInputKind.PixelsUInt8Nhwc, Output = "embedding" },
        Textual = new GraphSpec { File = "textual.onnx", Input = "tokens", InputKind = GraphInputKind.TokensInt32, Output = "embedding", DynamicContext = true },
        Precision = ModelPrecision.Fp32,
        Weights = WeightStorage.Fp16,
        Source = new ModelSource { Url = "https://example.org/model", Revision = "abc", Sha256 = Hash('0') },
        Converter = "ClipFunctions 0.1.0",
        Labels = "labels.json",
        Files =
        [
            new BundleFile { Name = "visual.onnx", Size = 1, Sha256 = Hash('1') },
            new BundleFile { Name = "visual.onnx.data", Size = 5, Sha256 = Hash('5') },
            new BundleFile { Name = "textual.onnx", Size = 2, Sha256 = Hash('2') },
            new BundleFile { Name = "bpe.txt.gz", Size = 3, Sha256 = Hash('3') },
            new BundleFile { Name = "labels.json", Size = 4, Sha256 = Hash('4') },
        ],
    };

    [Fact]
    public void AManifestSurvivesWritingAndReading()
    {
        byte[] json = Manifest.ToJson();
        BundleManifest read = BundleManifest.Parse(json);
        Assert.Equal(json, read.ToJson());
        Assert.Equal(Manifest.Fingerprint, read.Fingerprint);
        Assert.Equal(Manifest.Scoring, read.Scoring);
        Assert.Contains("\"inputKind\": \"pixels_uint8_nhwc\"", Encoding.UTF8.GetString(json), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatMayBeAbsentHasItsStatedDefault()
    {
        JsonNode node = JsonNode.Parse(Manifest.ToJson())!;
        foreach (string field in new[] { "mean", "std", "resizeMode", "interpolation" })
        {
            node["preprocessing"]!.AsObject().Remove(field);
        }

        node["scoring"]!.AsObject().Remove("logitBias");
        node.AsObject().Remove("weights");
        node["textual"]!.AsObject().Remove("dynamicContext");
        BundleManifest manifest = BundleManifest.Parse(Encoding.UTF8.GetBytes(node.ToJsonString()));
        Assert.Equal(PreprocessingSpec.OpenAiMean, manifest.Preprocessing.Mean);
        Assert.Equal(PreprocessingSpec.OpenAiStd, manifest.Preprocessing.Std);
        Assert.Equal(("shortest", "bicubic"), (manifest.Preprocessing.ResizeMode, manifest.Preprocessing.Interpolation));
        Assert.Equal((0f, WeightStorage.Fp32, false), (manifest.Scoring.LogitBias, manifest.Weights, manifest.Textual.DynamicContext));
        manifest.ToJson();
    }

    [Theory]
    [InlineData("format", "2", "expected 1, found 2")]
    [InlineData("id", "\"\"", "expected a text")]
    [InlineData("id", "\"a b\"", "holds ' '")]
    [InlineData("architecture.embeddingDimension", "0", "expected 1 to 65536, found 0")]
    [InlineData("architecture.vision.imageSize", "5000", "expected 1 to 4096, found 5000")]
    [InlineData("architecture.vision.layers", "[1,2]", "expected 1 number(s), found 2")]
    [InlineData("architecture.vision.patchSize", "65", "expected 1 to 64, found 65")]
    [InlineData("architecture.text.heads", "-1", "found -1")]
    [InlineData("scoring.logitScale", "0", "expected a number above 0, found 0")]
    [InlineData("preprocessing.size", "63", "expected architecture.vision.imageSize (64), found 63")]
    [InlineData("preprocessing.mean", "[1,2]", "expected 3 numbers, found 2")]
    [InlineData("preprocessing.std[1]", "0", "expected a number above 0, found 0")]
    [InlineData("preprocessing.resizeMode", "\"stretch\"", "found 'stretch'")]
    [InlineData("preprocessing.fillColor", "256", "expected 0 to 255, found 256")]
    [InlineData("preprocessing.interpolation", "\"nearest\"", "found 'nearest'")]
    [InlineData("tokenizer.kind", "\"wordpiece\"", "expected clip_bpe or sentencepiece, found 'wordpiece'")]
    [InlineData("tokenizer.cleaning", "\"canonicalize\"", "expected one with the kind sentencepiece and none otherwise, found Canonicalize")]
    [InlineData("tokenizer.padTokenId", "0", "expected none with the kind clip_bpe, found 0")]
    [InlineData("visual.attentionMask", "\"mask\"", "expected the name of a text graph's second input, found 'mask'")]
    [InlineData("textual.attentionMask", "\"tokens\"", "found 'tokens'")]
    [InlineData("tokenizer.contextLength", "17", "expected 1 to 16, found 17")]
    [InlineData("tokenizer.files[0]", "\"other.gz\"", "'other.gz' is not among the files")]
    [InlineData("visual.file", "\"v.onnx\"", "'v.onnx' is not among the files")]
    [InlineData("visual.inputKind", "\"tokens_int32\"", "expected PixelsUInt8Nhwc or PixelsFloat32Nchw, found TokensInt32")]
    [InlineData("textual.inputKind", "\"pixels_uint8_nhwc\"", "found PixelsUInt8Nhwc")]
    [InlineData("labels", "\"l.json\"", "not among the files")]
    [InlineData("source.sha256", "\"zz\"", "expected 64 lower-case hex digits, found 'zz'")]
    [InlineData("files", "[]", "expected 1 to 1024 files, found 0")]
    [InlineData("files[0].size", "-1", "found -1")]
    [InlineData("files[1].name", "\"VISUAL.onnx\"", "is there twice")]
    [InlineData("files[0].name", "\"../visual.onnx\"", "is no path inside the bundle's folder")]
    [InlineData("files[0].name", "\"/etc/passwd\"", "is no path inside")]
    [InlineData("files[0].name", "\"a/../../b\"", "is no path inside")]
    [InlineData("files[0].name", "\"a\\\\b\"", "is no path inside")]
    [InlineData("files[0].name", "\"C:b\"", "is no path inside")]
    [InlineData("files[0].name", "\"a//b\"", "is no path inside")]
    [InlineData("files[0].name", "\"Clip.json\"", "cannot list itself")]
    public void AFieldOutOfItsRangeIsNamedWithLimitAndActual(string field, string value, string message)
    {
        InvalidBundleException exception = Assert.Throws<InvalidBundleException>(() => BundleManifest.Parse(With(field, value), "some/clip.json"));
        Assert.Equal("some/clip.json", exception.File);
        Assert.Equal(field, exception.Field);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("architecture.vision.kind", "\"cnn\"", "architecture.vision.kind")]
    [InlineData("precision", "16", "precision")]
    [InlineData("files[0]", "null", "files[0]")]
    [InlineData("tokenizer", "null", "tokenizer")]
    [InlineData("converter", "null", "converter")]
    [InlineData("scoring.logitScale", "\"many\"", "scoring.logitScale")]
    [InlineData("scoring", "{}", "scoring")]
    public void AFieldOfAWrongTypeIsNamed(string field, string value, string named)
        => Assert.Contains(named, Assert.Throws<InvalidBundleException>(() => BundleManifest.Parse(With(field, value))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"format\":1}")]
    public void WhatIsNoManifestIsRefused(string json)
        => Assert.Throws<InvalidBundleException>(() => BundleManifest.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void MutatedManifestsAreRefusedOrValidNeverWorse()
    {
        byte[] json = Manifest.ToJson();
        Gen.Select(Gen.Int[0, json.Length - 1], Gen.Byte).Array[1, 6].Sample(
            mutations =>
            {
                byte[] mutated = [.. json];
                foreach ((int at, byte value) in mutations)
                {
                    mutated[at] = value;
                }

                try
                {
                    Assert.Equal(64, BundleManifest.Parse(mutated).Fingerprint.Length);
                }
                catch (InvalidBundleException)
                {
                }
            },
            iter: 4000);
    }

    [Fact]
    public void TheFingerprintDoesNotSeeHowTheJsonIsWritten()
    {
        JsonNode node = JsonNode.Parse(Manifest.ToJson())!;
        JsonObject reordered = [];
        foreach ((string key, JsonNode? value) in node.AsObject().Reverse())
        {
            reordered.Add(key, value?.DeepClone());
        }

        reordered["unknown"] = 5;
        string text = reordered.ToJsonString(new JsonSerializerOptions { WriteIndented = false }).Replace("21.453512", "2.1453512e1", StringComparison.Ordinal);
        Assert.Contains("2.1453512e1", text, StringComparison.Ordinal);
        Assert.Equal(Manifest.Fingerprint, BundleManifest.Parse(Encoding.UTF8.GetBytes(text)).Fingerprint);
    }

    [Theory]
    [InlineData("id", "\"other\"")]
    [InlineData("source", "null")]
    [InlineData("converter", "\"another 2.0\"")]
    [InlineData("weights", "\"fp32\"")]
    [InlineData("notes", "[\"the logit scale was assumed\"]")]
    [InlineData("labels", "null")]
    [InlineData("files[4].sha256", "\"6666666666666666666666666666666666666666666666666666666666666666\"")]
    public void TheFingerprintDoesNotSeeWhatChangesNoAnswer(string field, string value)
    {
        // Without the default labels' entry its file would count as external data, so that case drops both.
        BundleManifest changed = field == "labels"
            ? Manifest with { Labels = null, Files = [.. Manifest.Files.Take(4)] }
            : BundleManifest.Parse(With(field, value));
        Assert.Equal(Manifest.Fingerprint, changed.Fingerprint);
    }

    [Theory]
    [InlineData("architecture.embeddingDimension", "255")]
    [InlineData("architecture.activation", "\"gelu\"")]
    [InlineData("architecture.text.pooling", "\"last\"")]
    [InlineData("architecture.text.causal", "false")]
    [InlineData("scoring.kind", "\"sigmoid\"")]
    [InlineData("scoring.logitScale", "21.453514")]
    [InlineData("scoring.logitBias", "1")]
    [InlineData("preprocessing.mean[2]", "0.5")]
    [InlineData("preprocessing.std[0]", "0.5")]
    [InlineData("preprocessing.resizeMode", "\"squash\"")]
    [InlineData("preprocessing.resizeMode", "\"longest\"")]
    [InlineData("preprocessing.interpolation", "\"bilinear\"")]
    [InlineData("tokenizer.contextLength", "15")]
    [InlineData("visual.inputKind", "\"pixels_float32_nchw\"")]
    [InlineData("textual.dynamicContext", "false")]
    [InlineData("textual.attentionMask", "\"mask\"")]
    [InlineData("visual.singleItem", "true")]
    [InlineData("precision", "\"fp16\"")]
    [InlineData("files[0].sha256", "\"6666666666666666666666666666666666666666666666666666666666666666\"")]
    [InlineData("files[1].sha256", "\"6666666666666666666666666666666666666666666666666666666666666666\"")]
    [InlineData("files[2].sha256", "\"6666666666666666666666666666666666666666666666666666666666666666\"")]
    [InlineData("files[3].sha256", "\"6666666666666666666666666666666666666666666666666666666666666666\"")]
    public void TheFingerprintSeesWhatChangesAnAnswer(string field, string value)
        => Assert.NotEqual(Manifest.Fingerprint, BundleManifest.Parse(With(field, value)).Fingerprint);

    [Fact]
    public void ASentencePieceVocabularyNeedsACleaningAndAPaddingAndBothCount()
    {
        BundleManifest With(TextCleaning? cleaning, int? padding)
            => Manifest with { Tokenizer = Manifest.Tokenizer with { Kind = TokenizerSpec.SentencePiece, Cleaning = cleaning, PadTokenId = padding } };

        BundleManifest manifest = With(TextCleaning.Canonicalize, 1);
        manifest.Validate();
        Assert.Equal(manifest.Fingerprint, BundleManifest.Parse(manifest.ToJson()).Fingerprint);
        Assert.NotEqual(manifest.Fingerprint, With(TextCleaning.Siglip, 1).Fingerprint);
        Assert.NotEqual(manifest.Fingerprint, With(TextCleaning.Canonicalize, 0).Fingerprint);
        Assert.Equal("tokenizer.cleaning", Assert.Throws<InvalidBundleException>(() => With(null, 1).Validate()).Field);
        Assert.Equal("tokenizer.padTokenId", Assert.Throws<InvalidBundleException>(() => With(TextCleaning.Lower, null).Validate()).Field);
        Assert.Contains("expected 0 to 2513, found 2514", Assert.Throws<InvalidBundleException>(() => With(TextCleaning.Lower, 2514).Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFingerprintDoesNotChangeByWhatIsNotUsed()
        => Assert.DoesNotContain(BundleFingerprint.CanonicalForm(Manifest).Split('\n'), line => line.StartsWith("tokens.cleaning", StringComparison.Ordinal) || line.Contains(".mask", StringComparison.Ordinal) || line.Contains(".single", StringComparison.Ordinal));

    [Fact]
    public void TheFingerprintIsTheOneThatWasStoredYesterday()
        => Assert.Equal("a13021b73037d181e9f116027d8375f9e72474a24aa4a053cd6af23e1f6e5cce", Manifest.Fingerprint);

    private static string Hash(char digit) => new(digit, 64);

    private static byte[] With(string field, string value)
    {
        JsonNode root = JsonNode.Parse(Manifest.ToJson())!;
        JsonNode node = root;
        string[] path = field.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        for (int i = 0; i < path.Length; i++)
        {
            bool last = i == path.Length - 1;
            JsonNode? replacement = JsonNode.Parse(value);
            if (path[i][0] == '[')
            {
                int index = int.Parse(path[i].AsSpan(1, path[i].Length - 2), null);
                if (last)
                {
                    node.AsArray()[index] = replacement;
                }
                else
                {
                    node = node[index]!;
                }
            }
            else if (last)
            {
                node[path[i]] = replacement;
            }
            else
            {
                node = node[path[i]]!;
            }
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }
}
