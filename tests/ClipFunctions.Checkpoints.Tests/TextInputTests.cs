using System.Security.Cryptography;
using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>What a text graph is given: a graph that answers with the sum of its tokens, their number, and the sum of its mask.</summary>
public sealed class TextInputTests : IDisposable
{
    private const int Context = 8;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RowsOfATowerThatPoolsLastArePaddedToTheContext()
    {
        using ClipModel model = await LoadAsync(TextPooling.Last, dynamicContext: false, mask: true);
        EmbeddingMatrix answer = model.EncodeText(new TokenBatch([20, 1], 1, 2), Token);
        Assert.Equal([20 + 1 + (6 * 3), Context, Context], answer[0].ToArray());
    }

    [Fact]
    public async Task RowsThatPoolAtTheLargestIdReachJustSoFar()
    {
        using ClipModel model = await LoadAsync(TextPooling.ArgMax, dynamicContext: true, mask: true);
        EmbeddingMatrix answer = model.EncodeText(new TokenBatch([5, 9, 2, 2, 2, 2, 2, 2], 1, 8), Token);
        Assert.Equal([14, 2, 2], answer[0].ToArray());
    }

    [Fact]
    public async Task RowsThatPoolAtTheFirstEndTokenReachJustSoFarThoughOtherIdsAreLarger()
    {
        using ClipModel model = await LoadAsync(TextPooling.FirstEndToken, dynamicContext: true, mask: true);
        EmbeddingMatrix answer = model.EncodeText(new TokenBatch([5, 9, 1, 7, 1, 2, 2, 2, 4, 5, 6, 7, 8, 9, 10, 11], 2, 8), Token);
        Assert.Equal([15, 3, 3], answer[0].ToArray());

        // Without an end token the rule pools at the first place.
        Assert.Equal(1, answer[1][2]);
    }

    [Fact]
    public async Task ARowThatIsShorterThanTheBatchesLongestIsMaskedBehindItsEnd()
    {
        using ClipModel model = await LoadAsync(TextPooling.FirstEndToken, dynamicContext: true, mask: true);
        EmbeddingMatrix answer = model.EncodeText(new TokenBatch([5, 1, 0, 0, 6, 7, 8, 1], 2, 4), Token);
        Assert.Equal([6, 4, 2], answer[0].ToArray());
        Assert.Equal([22, 4, 4], answer[1].ToArray());
    }

    [Fact]
    public async Task ASigmoidModelTokenizesWithItsSentencePieceVocabulary()
    {
        using ClipModel model = await LoadAsync(TextPooling.Last, dynamicContext: false, mask: false, SentencePieceFile.Unigram.Write());
        Assert.IsType<SentencePieceTokenizer>(model.Tokenizer);
        EmbeddingMatrix answer = model.EncodeText(["A Cat!", "a photo of a dog"], cancellationToken: Token);
        Assert.Equal([14 + 15 + 1 + (5 * 3), Context, 0], answer[0].ToArray());
        Assert.Equal([14 + 24 + 27 + 14 + 16 + 10 + 1 + 3, Context, 0], answer[1].ToArray());
        await model.WarmUpAsync(ModelTowers.Text, Token);
    }

    [Fact]
    public async Task AVocabularyMayHaveSparePiecesButNoOthersThanTheModelKnows()
    {
        SentencePieceFile spare = SentencePieceFile.Unigram with { Pieces = [.. SentencePieceFile.Unigram.Pieces, .. Enumerable.Range(0, 100).Select(i => ($"<extra_id_{i}>", 0f, SentencePieceFile.UserDefined))] };
        using (ClipModel model = await LoadAsync(TextPooling.Last, dynamicContext: false, mask: false, spare.Write()))
        {
            Assert.Equal(131, model.Tokenizer.VocabularySize);
        }

        SentencePieceFile more = SentencePieceFile.Unigram with { Pieces = [.. SentencePieceFile.Unigram.Pieces, .. Enumerable.Range(0, 100).Select(i => ($"q{i}", -1f, SentencePieceFile.Normal))] };
        InvalidBundleException exception = await Assert.ThrowsAsync<InvalidBundleException>(() => LoadAsync(TextPooling.Last, dynamicContext: false, mask: false, more.Write()));
        Assert.Contains("expected at most 100 ids, which the model has vectors for, found 131", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADamagedVocabularyIsAnInvalidBundle()
        => Assert.Contains("no vocabulary", (await Assert.ThrowsAsync<InvalidBundleException>(() => LoadAsync(TextPooling.Last, dynamicContext: false, mask: false, [1, 2, 3]))).Message, StringComparison.Ordinal);

    private async Task<ClipModel> LoadAsync(TextPooling pooling, bool dynamicContext, bool mask, byte[]? vocabulary = null)
    {
        string folder = _folder[Guid.NewGuid().ToString("N")];
        Directory.CreateDirectory(folder);
        List<BundleFile> files = [.. OnnxModelWriter.Write(Graph(mask), Path.Combine(folder, "textual.onnx"), "test", long.MaxValue, _ => { }, Token)];
        if (vocabulary is not null)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "spiece.model"), vocabulary, Token);
            files.Add(new BundleFile { Name = "spiece.model", Size = vocabulary.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(vocabulary)) });
        }

        BundleManifest manifest = new()
        {
            Format = 1,
            Id = "probe",
            Architecture = new ClipArchitecture
            {
                EmbeddingDimension = 3,
                Activation = ActivationKind.Gelu,
                Vision = new VisionArchitecture { Kind = VisionKind.VisionTransformer, ImageSize = 8, PatchSize = 4, Width = 8, Layers = [1], Heads = 1, MlpWidth = 8 },
                Text = new TextArchitecture { ContextLength = Context, VocabularySize = 100, Width = 8, Layers = 1, Heads = 1, MlpWidth = 8, Causal = pooling != TextPooling.Last, Pooling = pooling, EndTokenId = pooling == TextPooling.FirstEndToken ? 1 : null },
            },
            Scoring = new ScoringRule { Kind = ScoringKind.Sigmoid, LogitScale = 1 },
            Preprocessing = new PreprocessingSpec { Size = 8 },
            Tokenizer = new TokenizerSpec { Kind = TokenizerSpec.SentencePiece, ContextLength = Context, Files = [.. vocabulary is null ? [] : (string[])["spiece.model"]], Cleaning = TextCleaning.Canonicalize, PadTokenId = 3 },
            Visual = new GraphSpec { File = "textual.onnx", Input = "pixels", InputKind = GraphInputKind.PixelsUInt8Nhwc, Output = "embedding" },
            Textual = new GraphSpec { File = "textual.onnx", Input = "tokens", InputKind = GraphInputKind.TokensInt64, Output = "embedding", DynamicContext = dynamicContext, AttentionMask = mask ? "mask" : null },
            Precision = ModelPrecision.Fp32,
            Converter = "test",
            Files = files,
        };
        return await ClipModel.LoadAsync(ModelBundle.FromManifest(folder, manifest), new ClipModelOptions { Device = "cpu" }, Token);
    }

    private static OnnxGraph Graph(bool mask)
    {
        OnnxGraph graph = new("probe");
        string tokens = graph.Input("tokens", DataType.Int64, "n", "length");
        string Sum(string values) => graph.Add("ReduceSum", [values, graph.Integers(1)], null, "", ("keepdims", 1));
        string ones = graph.Add("Add", [graph.Add("Mul", [tokens, graph.Integer(0)]), graph.Integer(1)]);
        string marks = mask ? graph.Input("mask", DataType.Int64, "n", "length") : graph.Add("Mul", [tokens, graph.Integer(0)]);
        string answer = graph.Add("Concat", [Sum(tokens), Sum(ones), Sum(marks)], null, "", ("axis", 1));
        graph.Add("Cast", [answer], "embedding", "", ("to", (int)DataType.Float));
        graph.Output("embedding", DataType.Float, "n", 3);
        return graph;
    }
}
