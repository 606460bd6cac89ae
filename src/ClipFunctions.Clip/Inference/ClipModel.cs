using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Tokenization;
using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.Clip.Inference;

/// <summary>
/// A CLIP model: pictures and texts to vectors of one space. Each tower is an ONNX Runtime session of its own and is loaded when it is
/// first used, so that work on texts alone never loads the vision tower.
/// </summary>
/// <remarks>
/// Safe for any number of threads. <see cref="Dispose"/> may be called while others compute: they finish, the native memory is freed
/// when the last of them has, and whoever comes later gets <see cref="ObjectDisposedException"/>.
/// </remarks>
public sealed class ClipModel : IDisposable
{
    // Below this many texts a piece is not cut for the sake of shorter rows.
    private const int MinTextPiece = 8;

    private readonly ClipModelOptions _options;
    private readonly ITextTokenizer? _tokenizer;
    private readonly TowerSession _visual;
    private readonly TowerSession _textual;
    private readonly UsageGate _gate;
    private readonly bool _buckets;

    internal ClipModel(ModelBundle bundle, ClipModelOptions options, Action<SessionOptions>? configure = null)
    {
        _options = options;
        Bundle = bundle;
        BundleManifest manifest = bundle.Manifest;
        DeviceSetup device = DeviceSetup.Find(options);
        Device = device.Device;
        ImagePreprocessing preprocessing = Preprocessing(manifest.Preprocessing, options.AutoOrient);
        ImageDecoder decoder = new(options.ImageLimits);
        ExactPreprocessor = new ClipPreprocessor(preprocessing, decoder);
        Preprocessor = options.Preprocessing == PreprocessingMode.Exact ? ExactPreprocessor : new ClipPreprocessor(preprocessing with { Mode = options.Preprocessing }, decoder);
        _tokenizer = BundleTokenizer.Load(bundle);

        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        OptimizedGraphStore? graphs = options.OptimizedGraphDirectory is { Length: > 0 } directory ? new OptimizedGraphStore(directory, options.OptimizedGraphLimitMB << 20, device.Device) : null;
        _buckets = options.BatchShapes == BatchShapes.Buckets || (options.BatchShapes == BatchShapes.Auto && Device.Name != "cpu");
        _visual = NewTower(ModelTowers.Vision);
        _textual = NewTower(ModelTowers.Text);
        _gate = new UsageGate(nameof(ClipModel), () =>
        {
            _visual.Dispose();
            _textual.Dispose();
        });

        TowerSession NewTower(ModelTowers tower) => new(bundle, tower, threads, options.AllowSpinning, device, _buckets, graphs)
        {
            Reduced = reduced => BatchReduced?.Invoke(this, reduced),
            Configuring = configure,
            Loading = load => TowerLoading?.Invoke(this, load),
            Loaded = load => TowerLoaded?.Invoke(this, load),
        };
    }

    /// <summary>Raised before a tower is loaded, on the thread that loads it, so that memory can be made free elsewhere first. The handler must not use this model.</summary>
    public event EventHandler<TowerLoadEventArgs>? TowerLoading;

    /// <summary>Raised when a tower has been loaded.</summary>
    public event EventHandler<TowerLoadEventArgs>? TowerLoaded;

    /// <summary>Raised when a batch did not fit into memory, on the thread that runs it. The batch is done in halves; nobody who waits for it notices.</summary>
    public event EventHandler<BatchReducedEventArgs>? BatchReduced;

    /// <summary>Where the model comes from.</summary>
    public ModelBundle Bundle { get; }

    /// <summary>What the bundle says of the model.</summary>
    public BundleManifest Manifest => Bundle.Manifest;

    /// <summary>The bundle's fingerprint: vectors of different fingerprints must never be compared.</summary>
    public string Fingerprint => Bundle.Fingerprint;

    /// <summary>The device in use.</summary>
    public ModelDevice Device { get; }

    /// <summary>Length of the vectors.</summary>
    public int EmbeddingDimension => Manifest.Architecture.EmbeddingDimension;

    /// <summary>Tokens of a text, start and end token included.</summary>
    public int ContextLength => Manifest.Tokenizer.ContextLength;

    /// <summary>Side of the square picture in pixels.</summary>
    public int ImageSize => Manifest.Preprocessing.Size;

    /// <summary>The factor on the cosine: exp(logit_scale).</summary>
    public float LogitScale => Manifest.Scoring.LogitScale;

    /// <summary>Turns pictures into pixels, as <see cref="ClipModelOptions.Preprocessing"/> says.</summary>
    public ClipPreprocessor Preprocessor { get; }

    /// <summary>The same in <see cref="PreprocessingMode.Exact"/> in any case: for what is measured and kept to be compared.</summary>
    public ClipPreprocessor ExactPreprocessor { get; }

    /// <summary>Whether the bundle holds a vocabulary.</summary>
    public bool HasTokenizer => _tokenizer is not null;

    /// <summary>Turns texts into tokens.</summary>
    /// <exception cref="InvalidOperationException">The bundle holds no vocabulary.</exception>
    public ITextTokenizer Tokenizer => _tokenizer ?? throw new InvalidOperationException($"The bundle of '{Manifest.Id}' holds no vocabulary: only tokens can be encoded, not texts.");

    /// <summary>The towers that are loaded.</summary>
    public ModelTowers LoadedTowers => (_visual.IsLoaded ? ModelTowers.Vision : 0) | (_textual.IsLoaded ? ModelTowers.Text : 0);

    /// <summary>
    /// Estimated memory, in bytes, of the towers that are loaded or being loaded: the size of the graphs' files times a factor for how the
    /// weights lie in them (CPU: 1.25 for 32 bits, 2.5 for 16, 1.5 for 8; GPU: 1). What a run takes on top is not in it.
    /// </summary>
    public long MemoryBytes => _visual.MemoryBytes + _textual.MemoryBytes;

    /// <summary>
    /// Whether ONNX Runtime failed in a run in a way that neither a cancellation nor the input explains (a lost device, no memory, a
    /// broken graph). What the model gives from then on is not to be relied upon: load it anew.
    /// </summary>
    public bool IsFaulted => _visual.IsFaulted || _textual.IsFaulted;

    /// <summary>Makes a model ready for use: finds the device and loads the vocabulary; the towers follow when they are first used.</summary>
    /// <param name="bundle">The bundle; its folder must stay.</param>
    /// <param name="options">How to load and run it; the stated defaults if null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidBundleException">A file of the bundle is not what it should be.</exception>
    /// <exception cref="DeviceUnavailableException">The GPU that the options ask for cannot be had.</exception>
    /// <exception cref="ArgumentException">The options name a device that is not known.</exception>
    public static Task<ClipModel> LoadAsync(ModelBundle bundle, ClipModelOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        options ??= new ClipModelOptions();
        return Task.Run(
            () =>
            {
                ClipModel model = new(bundle, options);
                try
                {
                    model.Load(options.Preload, cancellationToken);
                    return model;
                }
                catch
                {
                    model.Dispose();
                    throw;
                }
            },
            cancellationToken);
    }

    /// <summary>Loads towers that are not loaded yet.</summary>
    /// <param name="towers">Which.</param>
    /// <param name="cancellationToken">Gives up between the towers.</param>
    /// <exception cref="InvalidBundleException">A graph does not load.</exception>
    public void Load(ModelTowers towers, CancellationToken cancellationToken = default)
    {
        using UsageGate.Usage usage = _gate.Enter();
        if (towers.HasFlag(ModelTowers.Vision))
        {
            _visual.Load(cancellationToken);
        }

        if (towers.HasFlag(ModelTowers.Text))
        {
            _textual.Load(cancellationToken);
        }
    }

    /// <summary>Loads towers and runs each once, so that the first real run is as quick as any.</summary>
    /// <param name="towers">Which.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task WarmUpAsync(ModelTowers towers = ModelTowers.Both, CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            if (towers.HasFlag(ModelTowers.Vision))
            {
                EncodeImage(new byte[Preprocessor.PixelCount], 1, cancellationToken);
            }

            if (towers.HasFlag(ModelTowers.Text))
            {
                EncodeText(new TokenBatch(new int[ContextLength], 1, ContextLength), cancellationToken);
            }
        },
        cancellationToken);

    /// <summary>Encodes preprocessed pictures.</summary>
    /// <param name="pixels"><c>[count, size, size, 3]</c>, red, green, blue.</param>
    /// <param name="count">How many pictures; any number.</param>
    /// <param name="cancellationToken">Ends the computation soon, also within a batch.</param>
    /// <returns><c>[count, dimension]</c>, not normalised.</returns>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> is not of that size.</exception>
    public EmbeddingMatrix EncodeImage(ReadOnlyMemory<byte> pixels, int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int each = Preprocessor.PixelCount;
        if (pixels.Length != (long)count * each)
        {
            throw new ArgumentException($"{count} picture(s) of {ImageSize} × {ImageSize} × 3 are {(long)count * each} bytes, but there are {pixels.Length}.", nameof(pixels));
        }

        using UsageGate.Usage usage = _gate.Enter();
        float[] result = new float[count * EmbeddingDimension];
        for (int start = 0; start < count; start += _options.MaxImageBatch)
        {
            int piece = Math.Min(_options.MaxImageBatch, count - start);
            RunVisual(pixels.Slice(start * each, piece * each), result.AsMemory(start * EmbeddingDimension, piece * EmbeddingDimension), piece, cancellationToken);
        }

        return new EmbeddingMatrix(result, count, EmbeddingDimension);
    }

    /// <summary>Encodes the reference's own tensors: float32 <c>[count, 3, size, size]</c>, normalised. Only for graphs that take such.</summary>
    internal EmbeddingMatrix EncodeNormalized(float[] pixels, int count, CancellationToken cancellationToken)
    {
        if (Manifest.Visual.InputKind != GraphInputKind.PixelsFloat32Nchw)
        {
            throw new InvalidOperationException("The vision graph takes bytes.");
        }

        using UsageGate.Usage usage = _gate.Enter();
        float[] result = new float[count * EmbeddingDimension];
        _visual.Run(pixels.AsMemory(), [count, 3, ImageSize, ImageSize], result, cancellationToken);
        return new EmbeddingMatrix(result, count, EmbeddingDimension);
    }

    /// <summary>Decodes, preprocesses and encodes pictures.</summary>
    /// <param name="encodedPictures">The files' bytes; any number.</param>
    /// <param name="cancellationToken">Ends the computation soon.</param>
    /// <returns><c>[count, dimension]</c>, not normalised.</returns>
    /// <exception cref="ImageException">A picture is refused or damaged: the first such one; its index is in <c>Data["index"]</c>.</exception>
    public EmbeddingMatrix EncodeImage(IReadOnlyList<ReadOnlyMemory<byte>> encodedPictures, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(encodedPictures);
        using UsageGate.Usage usage = _gate.Enter();
        int count = encodedPictures.Count;
        int each = Preprocessor.PixelCount;
        float[] result = new float[count * EmbeddingDimension];
        byte[] pixels = ArrayPool<byte>.Shared.Rent(Math.Min(count, _options.MaxImageBatch) * each);
        try
        {
            for (int start = 0; start < count; start += _options.MaxImageBatch)
            {
                int piece = Math.Min(_options.MaxImageBatch, count - start);
                Preprocess(encodedPictures, start, piece, pixels, cancellationToken);
                RunVisual(pixels.AsMemory(0, piece * each), result.AsMemory(start * EmbeddingDimension, piece * EmbeddingDimension), piece, cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(pixels);
        }

        return new EmbeddingMatrix(result, count, EmbeddingDimension);
    }

    /// <summary>Tokenizes and encodes texts.</summary>
    /// <param name="texts">The texts; any number.</param>
    /// <param name="truncate">Whether a text beyond the context is cut; otherwise it is an error.</param>
    /// <param name="cancellationToken">Ends the computation soon.</param>
    /// <returns><c>[count, dimension]</c>, not normalised.</returns>
    /// <exception cref="TextTooLongException">A text has more tokens than the context, and <paramref name="truncate"/> is false.</exception>
    public EmbeddingMatrix EncodeText(IReadOnlyList<string> texts, bool truncate = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return EncodeText(Tokenizer.Tokenize(texts, ContextLength, truncate), cancellationToken);
    }

    /// <summary>
    /// Encodes tokenized texts. What stands behind the token that is pooled changes nothing in a causal model, as in the reference; rows
    /// shorter than the context are padded to it.
    /// </summary>
    /// <param name="tokens">The rows; any number.</param>
    /// <param name="cancellationToken">Ends the computation soon, also within a batch.</param>
    /// <returns><c>[count, dimension]</c>, not normalised.</returns>
    /// <exception cref="ArgumentException">The rows are longer than the context, or an id is none of the vocabulary.</exception>
    public EmbeddingMatrix EncodeText(TokenBatch tokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        Check(tokens);
        using UsageGate.Usage usage = _gate.Enter();

        // Rows of like length go together, and none is computed further than the longest of its piece reaches.
        int[] order = [.. Enumerable.Range(0, tokens.Count)];
        int[] lengths = new int[tokens.Count];
        for (int row = 0; row < lengths.Length; row++)
        {
            lengths[row] = !Manifest.Textual.DynamicContext ? ContextLength
                : _buckets ? BatchBuckets.Tokens(PooledPosition(tokens, row) + 1, ContextLength)
                : PooledPosition(tokens, row) + 1;
        }

        Array.Sort((int[])lengths.Clone(), order);
        float[] result = new float[tokens.Count * EmbeddingDimension];
        for (int start = 0; start < order.Length;)
        {
            int first = lengths[order[start]];
            int end = start + 1;
            while (end < order.Length
                && (long)(end + 1 - start) * lengths[order[end]] <= _options.MaxTextTokens
                && (end - start < MinTextPiece || lengths[order[end]] <= first * 3 / 2))
            {
                end++;
            }

            RunTextual(tokens, order.AsSpan(start, end - start), lengths[order[end - 1]], result, cancellationToken);
            start = end;
        }

        return new EmbeddingMatrix(result, tokens.Count, EmbeddingDimension);
    }

    /// <summary>As <see cref="EncodeImage(IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)"/>, on a thread of the pool.</summary>
    /// <param name="encodedPictures">The files' bytes; any number.</param>
    /// <param name="cancellationToken">Ends the computation soon.</param>
    public Task<EmbeddingMatrix> EncodeImageAsync(IReadOnlyList<ReadOnlyMemory<byte>> encodedPictures, CancellationToken cancellationToken = default)
        => Task.Run(() => EncodeImage(encodedPictures, cancellationToken), cancellationToken);

    /// <summary>As <see cref="EncodeText(IReadOnlyList{string}, bool, CancellationToken)"/>, on a thread of the pool.</summary>
    /// <param name="texts">The texts; any number.</param>
    /// <param name="truncate">Whether a text beyond the context is cut; otherwise it is an error.</param>
    /// <param name="cancellationToken">Ends the computation soon.</param>
    public Task<EmbeddingMatrix> EncodeTextAsync(IReadOnlyList<string> texts, bool truncate = false, CancellationToken cancellationToken = default)
        => Task.Run(() => EncodeText(texts, truncate, cancellationToken), cancellationToken);

    /// <summary>The reference's <c>model(image, text)</c>.</summary>
    /// <param name="pixels"><c>[count, size, size, 3]</c>.</param>
    /// <param name="count">How many pictures.</param>
    /// <param name="tokens">The texts.</param>
    /// <param name="cancellationToken">Ends the computation soon.</param>
    public ClipOutput Forward(ReadOnlyMemory<byte> pixels, int count, TokenBatch tokens, CancellationToken cancellationToken = default)
        => Score(EncodeImage(pixels, count, cancellationToken), EncodeText(tokens, cancellationToken));

    /// <summary>The reference's <c>model(image, text)</c>, from files and texts.</summary>
    /// <param name="encodedPictures">The pictures' files.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="cancellationToken">Ends the computation soon.</param>
    public ClipOutput Forward(IReadOnlyList<ReadOnlyMemory<byte>> encodedPictures, IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
        => Score(EncodeImage(encodedPictures, cancellationToken), EncodeText(texts, false, cancellationToken));

    /// <summary>The logits of vectors of this model: exp(logit_scale) · cosine (+ bias). Lengths do not matter.</summary>
    /// <param name="image">The pictures' vectors.</param>
    /// <param name="text">The texts' vectors.</param>
    /// <exception cref="ArgumentException">The vectors are of different dimensions.</exception>
    public ClipOutput Score(EmbeddingMatrix image, EmbeddingMatrix text)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(text);
        LogitMatrix logits = LogitMatrix.Score(image.Normalize(), text.Normalize(), LogitScale, Manifest.Scoring.LogitBias);
        return new ClipOutput(logits, logits.Transpose());
    }

    /// <summary>Frees the model's native memory, as soon as nobody computes with it any more.</summary>
    public void Dispose() => _gate.Close();

    private static ImagePreprocessing Preprocessing(PreprocessingSpec spec, bool autoOrient) => new()
    {
        Size = spec.Size,
        Mean = spec.Mean,
        Std = spec.Std,
        ResizeMode = spec.ResizeMode switch
        {
            "squash" => ResizeMode.Squash,
            "longest" => ResizeMode.LongestSide,
            _ => ResizeMode.ShortestSide,
        },
        Fill = spec.FillColor,
        Interpolation = spec.Interpolation == "bilinear" ? Interpolation.Bilinear : Interpolation.Bicubic,
        AutoOrient = autoOrient,
    };

    private void Preprocess(IReadOnlyList<ReadOnlyMemory<byte>> encodedPictures, int start, int count, byte[] pixels, CancellationToken cancellationToken)
    {
        int each = Preprocessor.PixelCount;
        if (count == 1)
        {
            PreprocessOne(start, 0);
            return;
        }

        ConcurrentBag<(int Index, Exception Exception)> failures = [];
        ParallelOptions options = new() { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, count, options, (i, state) =>
        {
            try
            {
                PreprocessOne(start + i, i);
            }
            catch (ImageException exception)
            {
                failures.Add((start + i, exception));
                state.Break();
            }
        });

        if (!failures.IsEmpty)
        {
            ExceptionDispatchInfo.Throw(failures.MinBy(failure => failure.Index).Exception);
        }

        void PreprocessOne(int index, int slot)
        {
            try
            {
                Preprocessor.Preprocess(encodedPictures[index], pixels.AsSpan(slot * each, each), cancellationToken);
            }
            catch (ImageException exception)
            {
                exception.Data["index"] = index;
                throw;
            }
        }
    }

    private void RunVisual(ReadOnlyMemory<byte> pixels, Memory<float> result, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Manifest.Visual.InputKind == GraphInputKind.PixelsUInt8Nhwc)
        {
            // The runtime only reads its inputs.
            _visual.Run(MemoryMarshal.AsMemory(pixels), [count, ImageSize, ImageSize, 3], result, cancellationToken);
            return;
        }

        int each = Preprocessor.PixelCount;
        float[] floats = ArrayPool<float>.Shared.Rent(count * each);
        try
        {
            for (int i = 0; i < count; i++)
            {
                Preprocessor.Normalize(pixels.Span.Slice(i * each, each), floats.AsSpan(i * each, each));
            }

            _visual.Run(floats.AsMemory(0, count * each), [count, 3, ImageSize, ImageSize], result, cancellationToken);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(floats);
        }
    }

    private void RunTextual(TokenBatch tokens, ReadOnlySpan<int> rows, int length, float[] result, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int count = rows.Length;
        float[] piece = ArrayPool<float>.Shared.Rent(count * EmbeddingDimension);
        try
        {
            if (Manifest.Textual.InputKind == GraphInputKind.TokensInt32)
            {
                Run(rows, static id => id);
            }
            else
            {
                Run(rows, static id => (long)id);
            }

            for (int i = 0; i < count; i++)
            {
                piece.AsSpan(i * EmbeddingDimension, EmbeddingDimension).CopyTo(result.AsSpan(rows[i] * EmbeddingDimension));
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(piece);
        }

        void Run<T>(ReadOnlySpan<int> from, Func<int, T> convert)
            where T : unmanaged
        {
            T[] ids = ArrayPool<T>.Shared.Rent(count * length);
            T[] mask = Manifest.Textual.AttentionMask is null ? [] : ArrayPool<T>.Shared.Rent(count * length);
            ids.AsSpan(0, count * length).Fill(convert(Manifest.Tokenizer.PadTokenId ?? 0));
            mask.AsSpan().Clear();
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<int> row = tokens[from[i]];
                for (int at = 0; at < Math.Min(length, row.Length); at++)
                {
                    ids[(i * length) + at] = convert(row[at]);
                }

                if (mask.Length > 0)
                {
                    mask.AsSpan(i * length, Math.Min(length, PooledPosition(tokens, from[i]) + 1)).Fill(convert(1));
                }
            }

            Memory<T> masks = mask.Length > 0 ? mask.AsMemory(0, count * length) : default;
            _textual.Run(ids.AsMemory(0, count * length), [count, length], piece.AsMemory(0, count * EmbeddingDimension), cancellationToken, masks);
            ArrayPool<T>.Shared.Return(ids);
            if (mask.Length > 0)
            {
                ArrayPool<T>.Shared.Return(mask);
            }
        }
    }

    // Where the text tower pools; no position behind it matters to a causal one.
    private int PooledPosition(TokenBatch tokens, int row)
    {
        TextArchitecture text = Manifest.Architecture.Text;
        return text.Pooling switch
        {
            TextPooling.FirstEndToken => Math.Max(0, tokens[row].IndexOf(text.EndTokenId ?? -1)),
            TextPooling.Last => ContextLength - 1,
            _ => TokenBatch.PositionOfLargest(tokens[row]),
        };
    }

    private void Check(TokenBatch tokens)
    {
        if (tokens.ContextLength > ContextLength)
        {
            throw new ArgumentException($"Rows of {tokens.ContextLength} tokens are longer than the model's context of {ContextLength}.", nameof(tokens));
        }

        int vocabulary = Manifest.Architecture.Text.VocabularySize;
        ReadOnlySpan<int> ids = tokens.Ids.Span;
        if (ids.IndexOfAnyExceptInRange(0, vocabulary - 1) is int at and >= 0)
        {
            throw new ArgumentException($"Row {at / tokens.ContextLength} holds the id {ids[at]}; the model's vocabulary has 0 to {vocabulary - 1}.", nameof(tokens));
        }
    }
}
