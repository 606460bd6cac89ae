using System.Text.Json.Nodes;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using Microsoft.Extensions.AI;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>How a model behaves, on seeded weights.</summary>
public sealed class ClipModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task APicturesVectorDoesNotDependOnItsBatch(bool resnet)
    {
        using ClipModel model = await LoadAsync(resnet, new ClipModelOptions { MaxImageBatch = 5 });
        const int Count = 13;
        byte[] pixels = Pixels(model, Count);
        EmbeddingMatrix all = model.EncodeImage(pixels, Count, Token);
        Assert.Equal((Count, model.EmbeddingDimension), (all.Count, all.Dimension));
        for (int i = 0; i < Count; i++)
        {
            EmbeddingMatrix one = model.EncodeImage(pixels.AsMemory(i * model.Preprocessor.PixelCount, model.Preprocessor.PixelCount), 1, Token);
            GoldenModelTests.AssertClose(one[0], all[i], 2e-5);
        }
    }

    [Fact]
    public async Task ATextsVectorDoesNotDependOnItsBatchOrOnWhereRowsAreCut()
    {
        using ClipModel model = await LoadAsync(options: new ClipModelOptions { MaxTextTokens = 40 });
        using ClipModel uncut = await LoadAsync(change: json => json["textual"]!["dynamicContext"] = false);
        Random random = new(5);
        int[] ids = new int[37 * model.ContextLength];
        for (int row = 0; row < 37; row++)
        {
            int end = random.Next(model.ContextLength);
            for (int i = 0; i < model.ContextLength; i++)
            {
                // Behind the end anything may stand.
                ids[(row * model.ContextLength) + i] = i == end ? 519 : random.Next(500);
            }
        }

        EmbeddingMatrix all = model.EncodeText(new TokenBatch(ids, 37, model.ContextLength), Token);
        EmbeddingMatrix full = uncut.EncodeText(new TokenBatch(ids, 37, model.ContextLength), Token);
        GoldenModelTests.AssertClose(full.Values.Span, all.Values.Span, 2e-5);
        for (int row = 0; row < 37; row++)
        {
            EmbeddingMatrix one = model.EncodeText(new TokenBatch(ids[(row * model.ContextLength)..((row + 1) * model.ContextLength)], 1, model.ContextLength), Token);
            GoldenModelTests.AssertClose(one[0], all[row], 2e-5);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AGraphThatTakesNormalisedFloatsIsFedThem(bool resnet)
    {
        using ClipModel bytes = await LoadAsync(resnet);
        using ClipModel floats = await LoadAsync(resnet, conversion: new ConversionOptions { VisionInput = GraphInputKind.PixelsFloat32Nchw });
        byte[] pixels = Pixels(bytes, 3);
        GoldenModelTests.AssertClose(bytes.EncodeImage(pixels, 3, Token).Values.Span, floats.EncodeImage(pixels, 3, Token).Values.Span, 2e-5);
        Assert.NotEqual(bytes.Fingerprint, floats.Fingerprint);
    }

    [Fact]
    public async Task NothingInGivesNothingOut()
    {
        using ClipModel model = await LoadAsync();
        Assert.Equal(0, model.EncodeImage(ReadOnlyMemory<byte>.Empty, 0, Token).Count);
        Assert.Equal(0, model.EncodeImage([], Token).Count);
        Assert.Equal(0, model.EncodeText([], cancellationToken: Token).Count);
        Assert.Equal(ModelTowers.None, model.LoadedTowers);
    }

    [Fact]
    public async Task ATowerIsLoadedWhenItIsFirstUsedAndNotBefore()
    {
        using ClipModel model = await LoadAsync();
        Assert.Equal(ModelTowers.None, model.LoadedTowers);
        model.EncodeText(["a cat"], cancellationToken: Token);
        Assert.Equal(ModelTowers.Text, model.LoadedTowers);
        await model.WarmUpAsync(ModelTowers.Vision, Token);
        Assert.Equal(ModelTowers.Both, model.LoadedTowers);
        using ClipModel eager = await LoadAsync(options: new ClipModelOptions { Preload = ModelTowers.Vision });
        Assert.Equal(ModelTowers.Vision, eager.LoadedTowers);
    }

    [Fact]
    public async Task ManyThreadsGetTheAnswersOfOne()
    {
        using ClipModel model = await LoadAsync();
        byte[] pixels = Pixels(model, 3);
        float[] image = model.EncodeImage(pixels, 3, Token).Values.ToArray();
        float[] text = model.EncodeText(["the cat", "dog"], cancellationToken: Token).Values.ToArray();
        using ClipModel fresh = await LoadAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 48), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, (i, token) =>
        {
            if (i % 2 == 0)
            {
                Assert.Equal(image, fresh.EncodeImage(pixels, 3, token).Values.ToArray());
            }
            else
            {
                Assert.Equal(text, fresh.EncodeText(["the cat", "dog"], cancellationToken: token).Values.ToArray());
            }

            return ValueTask.CompletedTask;
        });
    }

    [Fact]
    public async Task DisposingLetsRunningWorkFinishAndRefusesLaterWork()
    {
        for (int round = 0; round < 5; round++)
        {
            ClipModel model = await LoadAsync();
            byte[] pixels = Pixels(model, 8);
            float[] expected = model.EncodeImage(pixels, 8, Token).Values.ToArray();
            int refused = 0;
            using Barrier barrier = new(4);
            Task[] workers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(
                () =>
                {
                    barrier.SignalAndWait(Token);
                    for (int i = 0; i < 200; i++)
                    {
                        try
                        {
                            Assert.Equal(expected, model.EncodeImage(pixels, 8, Token).Values.ToArray());
                        }
                        catch (ObjectDisposedException)
                        {
                            Interlocked.Increment(ref refused);
                            return;
                        }
                    }
                },
                Token))];
            barrier.SignalAndWait(Token);
            await Task.Delay(5, Token);
            model.Dispose();
            model.Dispose();
            await Task.WhenAll(workers);
            Assert.Throws<ObjectDisposedException>(() => model.EncodeText(["a cat"], cancellationToken: Token));
            Assert.InRange(refused, 0, 3);
        }
    }

    [Fact]
    public async Task ACancelledRunEndsWithTheCallersCancellation()
    {
        using ClipModel model = await LoadAsync(options: new ClipModelOptions { MaxImageBatch = 4096 });
        byte[] pixels = Pixels(model, 2000);
        model.EncodeImage(pixels, 2000, Token);
        using CancellationTokenSource cancellation = new(TimeSpan.FromMilliseconds(2));
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                model.EncodeImage(pixels, 2000, cancellation.Token);
            }
        });
        Assert.Equal(1, model.EncodeImage(pixels.AsMemory(0, model.Preprocessor.PixelCount), 1, Token).Count);
    }

    [Fact]
    public async Task WrongSizesAndIdsAreNamed()
    {
        using ClipModel model = await LoadAsync();
        Assert.Contains("2 picture(s)", Assert.Throws<ArgumentException>(() => model.EncodeImage(new byte[5], 2, Token)).Message, StringComparison.Ordinal);
        TokenBatch unknown = new([1, 2, 3, 520], 2, 2);
        Assert.Contains("Row 1 holds the id 520", Assert.Throws<ArgumentException>(() => model.EncodeText(unknown, Token)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => model.EncodeText(new TokenBatch([-1], 1, 1), Token));
        Assert.Contains("longer than the model's context of 12", Assert.Throws<ArgumentException>(() => model.EncodeText(new TokenBatch(new int[13], 1, 13), Token)).Message, StringComparison.Ordinal);
        Assert.Throws<TextTooLongException>(() => model.EncodeText([string.Concat(Enumerable.Repeat("cat ", 50))], cancellationToken: Token));
        Assert.Equal(1, model.EncodeText([string.Concat(Enumerable.Repeat("cat ", 50))], truncate: true, Token).Count);
    }

    [Fact]
    public async Task ABadPictureAmongGoodOnesIsToldByItsIndex()
    {
        using ClipModel model = await LoadAsync();
        byte[] good = Png();
        ImageException exception = Assert.ThrowsAny<ImageException>(() => model.EncodeImage([good, good, new byte[] { 1, 2, 3 }, good, new byte[] { 4 }], Token));
        Assert.Equal(2, exception.Data["index"]);
        EmbeddingMatrix many = model.EncodeImage([good, good, good], Token);
        byte[] pixels = new byte[model.Preprocessor.PixelCount];
        model.Preprocessor.Preprocess(good, pixels, Token);
        GoldenModelTests.AssertClose(model.EncodeImage(pixels, 1, Token)[0], many[2], 2e-5);
    }

    [Fact]
    public async Task ForwardIsTheScaledCosineBothWays()
    {
        using ClipModel model = await LoadAsync();
        byte[] good = Png();
        ClipOutput output = model.Forward([good, good], ["the cat", "dog", "a"], Token);
        Assert.Equal((2, 3), (output.LogitsPerImage.Rows, output.LogitsPerImage.Columns));
        Assert.Equal((3, 2), (output.LogitsPerText.Rows, output.LogitsPerText.Columns));
        ReadOnlySpan<float> image = model.EncodeImage([good], Token)[0];
        ReadOnlySpan<float> text = model.EncodeText(["dog"], cancellationToken: Token)[0];
        float expected = model.LogitScale * System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(image, text);
        Assert.Equal(expected, output.LogitsPerImage[0, 1], 1e-4f);
        Assert.Equal(output.LogitsPerImage[1, 2], output.LogitsPerText[2, 1]);
    }

    [Fact]
    public async Task AGpuThatCannotBeHadIsAnErrorAndAutoTellsWhyItFellBack()
    {
        Assert.SkipWhen(Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"), "This build has a CUDA provider.");
        DeviceUnavailableException exception = await Assert.ThrowsAsync<DeviceUnavailableException>(() => LoadAsync(options: new ClipModelOptions { Device = "cuda:1" }));
        Assert.Contains("cuda:1", exception.Message, StringComparison.Ordinal);
        Assert.Contains("no CUDA provider", exception.Message, StringComparison.Ordinal);
        exception = await Assert.ThrowsAsync<DeviceUnavailableException>(() => LoadAsync(options: new ClipModelOptions { Device = "cuda", CudaProviderLibrary = _folder["absent.so"] }));
        Assert.Contains("absent.so", exception.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_folder["broken.so"], "no library", Token);
        exception = await Assert.ThrowsAsync<DeviceUnavailableException>(() => LoadAsync(options: new ClipModelOptions { Device = "cuda", CudaProviderLibrary = _folder["broken.so"] }));
        Assert.Contains("does not load", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => LoadAsync(options: new ClipModelOptions { Device = "tpu" }));

        using ClipModel auto = await LoadAsync();
        Assert.Equal("cpu", auto.Device.Name);
        Assert.Contains("CUDA", auto.Device.FallbackReason, StringComparison.Ordinal);
        using ClipModel cpu = await LoadAsync(options: new ClipModelOptions { Device = "CPU" });
        Assert.Null(cpu.Device.FallbackReason);
    }

    [Fact]
    public async Task AGraphThatIsNoneIsAnInvalidBundleEachTimeItIsUsed()
    {
        using ClipModel model = await LoadAsync(spoil: folder => File.WriteAllBytes(Path.Combine(folder, "visual.onnx"), new byte[new FileInfo(Path.Combine(folder, "visual.onnx")).Length]));
        for (int i = 0; i < 2; i++)
        {
            InvalidBundleException exception = Assert.Throws<InvalidBundleException>(() => model.EncodeImage(Pixels(model, 1), 1, Token));
            Assert.Contains("visual.onnx", exception.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, model.EncodeText(["a cat"], cancellationToken: Token).Count);
    }

    [Theory]
    [InlineData("input", "nothing")]
    [InlineData("output", "nothing")]
    [InlineData("inputKind", "pixels_float32_nchw")]
    public async Task AGraphThatIsNotTheManifestsIsAnInvalidBundle(string field, string value)
    {
        using ClipModel model = await LoadAsync(change: json => json["visual"]![field] = value);
        Assert.Throws<InvalidBundleException>(() => model.EncodeImage(Pixels(model, 1), 1, Token));
    }

    [Fact]
    public async Task AVocabularyThatTheModelHasNoVectorsForIsAnInvalidBundle()
    {
        SyntheticModel.Transformer(vocabulary: 500).Save(_folder["small"]);
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(_folder["small"], _folder["small-bundle"], cancellationToken: Token);
        InvalidBundleException exception = await Assert.ThrowsAsync<InvalidBundleException>(() => ClipModel.LoadAsync(bundle, cancellationToken: Token));
        Assert.Contains("expected at most 500 ids", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAVocabularyTokensCanBeEncodedAndTextsCannot()
    {
        SyntheticModel.Transformer().Save(_folder["bare"]);
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(_folder["bare"], _folder["bare-bundle"], new ConversionOptions { TokenizerFiles = [] }, cancellationToken: Token);
        using ClipModel model = await ClipModel.LoadAsync(bundle, cancellationToken: Token);
        Assert.False(model.HasTokenizer);
        Assert.Throws<InvalidOperationException>(() => model.EncodeText(["a"], cancellationToken: Token));
        Assert.Equal(1, model.EncodeText(new TokenBatch([1, 519], 1, 2), Token).Count);
    }

    [Fact]
    public async Task TheEmbeddingGeneratorsGiveNormalisedVectorsAndSayWhose()
    {
        using ClipModel model = await LoadAsync();
        using ClipTextEmbeddingGenerator texts = new ClipTextEmbeddingGenerator(model);
        GeneratedEmbeddings<Embedding<float>> embeddings = await texts.GenerateAsync(["the cat", "dog"], cancellationToken: Token);
        EmbeddingMatrix expected = model.EncodeText(["the cat", "dog"], cancellationToken: Token).Normalize();
        GoldenModelTests.AssertClose(expected[1], embeddings[1].Vector.Span, 1e-6);
        Assert.Equal(model.Manifest.Id, embeddings[0].ModelId);
        Assert.Equal(model.Fingerprint, embeddings.AdditionalProperties!["fingerprint"]);
        Assert.Equal(7, embeddings.Usage!.InputTokenCount);

        EmbeddingGeneratorMetadata metadata = texts.GetRequiredService<EmbeddingGeneratorMetadata>();
        Assert.Equal((model.Manifest.Id, model.EmbeddingDimension), (metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(model, texts.GetService<ClipModel>());
        Assert.Same(texts, texts.GetService<ClipTextEmbeddingGenerator>());
        Assert.Null(texts.GetService<string>());
        await Assert.ThrowsAsync<ArgumentException>(() => texts.GenerateAsync(["a"], new EmbeddingGenerationOptions { Dimensions = 3 }, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => texts.GenerateAsync(["a"], new EmbeddingGenerationOptions { ModelId = "other" }, Token));

        using ClipImageEmbeddingGenerator images = new ClipImageEmbeddingGenerator(model, new ClipEmbeddingOptions { Normalize = false });
        GeneratedEmbeddings<Embedding<float>> pictures = await images.GenerateAsync([new DataContent(Png(), "image/png")], cancellationToken: Token);
        GoldenModelTests.AssertClose(model.EncodeImage([Png()], Token)[0], pictures[0].Vector.Span, 1e-6);
        await Assert.ThrowsAsync<ArgumentException>(() => images.GenerateAsync([new DataContent(Png(), "text/plain")], cancellationToken: Token));

        // The model outlives its generators unless they own it.
        images.Dispose();
        Assert.Equal(1, model.EncodeText(["a"], cancellationToken: Token).Count);
        new ClipTextEmbeddingGenerator(model, new ClipEmbeddingOptions { OwnsModel = true }).Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.EncodeText(["a"], cancellationToken: Token));
    }

    private static byte[] Pixels(ClipModel model, int count)
    {
        byte[] pixels = new byte[count * model.Preprocessor.PixelCount];
        new Random(3).NextBytes(pixels);
        return pixels;
    }

    // A red pixel.
    private static byte[] Png() => Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC");

    private async Task<ClipModel> LoadAsync(bool resnet = false, ClipModelOptions? options = null, Action<JsonNode>? change = null, Action<string>? spoil = null, ConversionOptions? conversion = null)
    {
        string folder = _folder[Guid.NewGuid().ToString("N")];
        SyntheticModel model = resnet ? SyntheticModel.ResNet() : SyntheticModel.Transformer();
        model.Save(folder + "-source");
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(folder + "-source", folder, conversion, cancellationToken: Token);
        if (change is not null)
        {
            string manifest = Path.Combine(folder, BundleManifest.FileName);
            JsonNode json = JsonNode.Parse(await File.ReadAllBytesAsync(manifest, Token))!;
            change(json);
            await File.WriteAllTextAsync(manifest, json.ToJsonString(), Token);
            bundle = ModelBundle.Open(folder);
        }

        spoil?.Invoke(folder);
        return await ClipModel.LoadAsync(bundle, options, Token);
    }
}
