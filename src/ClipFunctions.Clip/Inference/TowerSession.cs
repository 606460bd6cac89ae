using System.Diagnostics;
using ClipFunctions.Clip.Bundles;
using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.Clip.Inference;

/// <summary>
/// One tower's ONNX session, made when it is first used, once, however many ask for it at a time; a failure is not kept. Runs are safe
/// from several threads.
/// </summary>
internal sealed class TowerSession : IDisposable
{
    private static readonly string[] OutOfMemoryTexts =
    [
        "Failed to allocate memory",
        "is smaller than requested bytes",
        "out of memory",
        "bad_alloc",
        "bad allocation",
        "CUDNN_STATUS_ALLOC_FAILED",
        "CUBLAS_STATUS_ALLOC_FAILED",
    ];

    private readonly Lock _lock = new();
    private readonly ModelTowers _tower;
    private readonly GraphSpec _spec;
    private readonly string _path;
    private readonly int _dimension;
    private readonly int _threads;
    private readonly bool _spins;
    private readonly DeviceSetup _device;
    private readonly OptimizedGraph? _optimized;
    private readonly long _estimate;
    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private volatile InferenceSession? _session;
    private readonly bool _buckets;
    private readonly Dictionary<(int Rows, int Length), Stack<IDisposable>> _bound = [];
    private volatile bool _faulted;
    private long _memoryBytes;
    private long _mostElements = long.MaxValue;

    public TowerSession(ModelBundle bundle, ModelTowers tower, int threads, bool spins, DeviceSetup device, bool buckets, OptimizedGraphStore? store)
    {
        BundleManifest manifest = bundle.Manifest;
        _tower = tower;
        _spec = tower == ModelTowers.Vision ? manifest.Visual : manifest.Textual;
        _path = bundle.PathOf(_spec.File);
        _dimension = manifest.Architecture.EmbeddingDimension;
        _threads = threads;
        _spins = spins;
        _device = device;
        _buckets = buckets;
        _inputs = _spec.AttentionMask is { } mask ? [_spec.Input, mask] : [_spec.Input];
        _outputs = [_spec.Output];

        // External data lies in a file that is called after the graph's; in other tools' folders it may be called anything.
        string other = tower == ModelTowers.Vision ? manifest.Textual.File : manifest.Visual.File;
        BundleFile[] files = [.. manifest.Files.Where(file => !file.Name.StartsWith(other, StringComparison.Ordinal) && !manifest.Tokenizer.Files.Contains(file.Name) && file.Name != manifest.Labels)];
        _estimate = MemoryEstimate.Of(files.Sum(file => file.Size), manifest.Weights, device.Device);
        _optimized = store?.Graph(_path, [.. files.Select(file => file.Sha256)], _estimate);
    }

    /// <summary>Told before the session is made and after; the second time without the tower's lock.</summary>
    public Action<TowerLoadEventArgs>? Loading { get; set; }

    public Action<TowerLoadEventArgs>? Loaded { get; set; }

    /// <summary>Told when a batch did not fit into memory.</summary>
    public Action<BatchReducedEventArgs>? Reduced { get; set; }

    /// <summary>Changes a session's options before it is made: for tests.</summary>
    internal Action<SessionOptions>? Configuring { get; set; }

    public bool IsLoaded => _session is not null;

    /// <summary>Whether a run failed in a way that neither its input nor a cancellation explains.</summary>
    public bool IsFaulted => _faulted;

    /// <summary>Estimated bytes of the session, from the moment that its making begins.</summary>
    public long MemoryBytes => Interlocked.Read(ref _memoryBytes);

    public void Load(CancellationToken cancellationToken)
    {
        if (_session is not null)
        {
            return;
        }

        TowerLoadEventArgs loaded;
        lock (_lock)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_session is not null)
            {
                return;
            }

            Interlocked.Exchange(ref _memoryBytes, _estimate);
            try
            {
                Loading?.Invoke(new TowerLoadEventArgs { Tower = _tower, Bytes = _estimate });
                long start = Stopwatch.GetTimestamp();
                InferenceSession session = Create(out GraphOrigin origin, out string? failure);
                loaded = new TowerLoadEventArgs { Tower = _tower, Bytes = _estimate, Duration = Stopwatch.GetElapsedTime(start), Origin = origin, OptimizedGraphFailure = failure };
                _session = session;
            }
            catch
            {
                Interlocked.Exchange(ref _memoryBytes, 0);
                throw;
            }
        }

        Loaded?.Invoke(loaded);
    }

    /// <summary>Runs the tower on one batch.</summary>
    /// <remarks>
    /// A batch that does not fit into memory is cut in halves, and so are all later ones of its size. A single row that does not fit leaves the session
    /// faulted: its memory may be in pieces, and a new session begins with none taken.
    /// </remarks>
    /// <param name="input">The batch, row-major.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="output">Takes <c>[n, dimension]</c>.</param>
    /// <param name="cancellationToken">Ends the run between two nodes of the graph.</param>
    /// <param name="mask">The attention mask of the same shape, where the graph takes one.</param>
    public void Run<T>(Memory<T> input, long[] shape, Memory<float> output, CancellationToken cancellationToken, Memory<T> mask = default)
        where T : unmanaged
    {
        Load(cancellationToken);
        int count = (int)shape[0];
        int each = input.Length / Math.Max(1, count);
        int most = _spec.SingleItem ? 1 : (int)Math.Clamp(Interlocked.Read(ref _mostElements) / Math.Max(1, each), 1, Math.Max(1, count));
        if (count > most)
        {
            RunPieces(input, shape, output, mask, most, cancellationToken);
            return;
        }

        try
        {
            RunBatch(input, shape, output, mask, cancellationToken);
        }
        catch (OnnxRuntimeException exception) when (count > 1 && IsOutOfMemory(exception))
        {
            int half = (count + 1) / 2;
            long elements = (long)half * each;
            if (elements < Interlocked.Read(ref _mostElements))
            {
                Interlocked.Exchange(ref _mostElements, elements);
                Reduced?.Invoke(new BatchReducedEventArgs { Tower = _tower, Rows = count, Most = half });
            }

            RunPieces(input, shape, output, mask, half, cancellationToken);
        }
    }

    private void RunPieces<T>(Memory<T> input, long[] shape, Memory<float> output, Memory<T> mask, int most, CancellationToken cancellationToken)
        where T : unmanaged
    {
        int count = (int)shape[0];
        int each = input.Length / count;
        for (int start = 0; start < count; start += most)
        {
            int rows = Math.Min(most, count - start);
            Run(
                input.Slice(start * each, rows * each),
                [rows, .. shape[1..]],
                output.Slice(start * _dimension, rows * _dimension),
                cancellationToken,
                mask.IsEmpty ? mask : mask.Slice(start * each, rows * each));
        }
    }

    private void RunBatch<T>(Memory<T> input, long[] shape, Memory<float> output, Memory<T> mask, CancellationToken cancellationToken)
        where T : unmanaged
    {
        using RunOptions options = new();
        using CancellationTokenRegistration registration = cancellationToken.Register(static state => ((RunOptions)state!).Terminate = true, options);
        try
        {
            if (_buckets && !_spec.SingleItem)
            {
                RunBound(options, input, shape, output, mask);
            }
            else
            {
                RunExact(options, input, shape, output, mask);
            }
        }
        catch (OnnxRuntimeException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The run was cancelled.", exception, cancellationToken);
        }
        catch (OnnxRuntimeException exception) when (!IsInputFault(exception) && (shape[0] == 1 || !IsOutOfMemory(exception)))
        {
            _faulted = true;
            throw;
        }
    }

    private void RunExact<T>(RunOptions options, Memory<T> input, long[] shape, Memory<float> output, Memory<T> mask)
        where T : unmanaged
    {
        using OrtValue inputs = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, input, shape);
        using OrtValue embeddings = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, output, [shape[0], _dimension]);
        using OrtValue? masks = mask.IsEmpty ? null : OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, mask, shape);
        _session!.Run(options, _inputs, masks is null ? [inputs] : [inputs, masks], _outputs, [embeddings]);
    }

    /// <summary>By buffers that are bound once for each shape; there are as many of a shape as batches have ever run at a time.</summary>
    private void RunBound<T>(RunOptions options, Memory<T> input, long[] shape, Memory<float> output, Memory<T> mask)
        where T : unmanaged
    {
        int count = (int)shape[0];
        if (count == 0)
        {
            return;
        }

        int rows = BatchBuckets.Rows(count);
        (int, int) key = (rows, input.Length / count);
#pragma warning disable CA2000 // Kept for the next batch, or disposed of where the run fails.
        IDisposable? free = null;
        lock (_bound)
        {
            if (_bound.TryGetValue(key, out Stack<IDisposable>? stack))
            {
                stack.TryPop(out free);
            }
        }

        BoundBatch<T> batch = (BoundBatch<T>?)free ?? new BoundBatch<T>(_session!, _inputs, _spec.Output, [rows, .. shape[1..]], _dimension);
#pragma warning restore CA2000
        try
        {
            batch.Run(options, input.Span, mask.Span, output.Span, count);
        }
        catch
        {
            batch.Dispose();
            throw;
        }

        lock (_bound)
        {
            if (!_bound.TryGetValue(key, out Stack<IDisposable>? stack))
            {
                _bound[key] = stack = new Stack<IDisposable>();
            }

            stack.Push(batch);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_session is { } session)
            {
                lock (_bound)
                {
                    foreach (IDisposable batch in _bound.Values.SelectMany(free => free))
                    {
                        batch.Dispose();
                    }

                    _bound.Clear();
                }

                session.Dispose();
                _session = null;
                NativeMemory.GiveBack();
            }

            Interlocked.Exchange(ref _memoryBytes, 0);
        }
    }

    // The code is told in the message alone.
    private static bool IsInputFault(OnnxRuntimeException exception) => exception.Message.Contains("ErrorCode:InvalidArgument", StringComparison.Ordinal);

    // Of the arena, of the CUDA runtime, of cuDNN and cuBLAS; here too the message alone tells.
    private static bool IsOutOfMemory(OnnxRuntimeException exception) =>
        OutOfMemoryTexts.Any(text => exception.Message.Contains(text, StringComparison.OrdinalIgnoreCase));

    private InferenceSession Create(out GraphOrigin origin, out string? failure)
    {
        failure = null;
        if (_optimized is not null && _optimized.Open(Open, out origin, out failure) is { } session)
        {
            return session;
        }

        origin = GraphOrigin.Bundle;
        try
        {
            return Open(_path, static options => options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InvalidBundleException(_path, null, exception.Message, exception);
        }
    }

    private InferenceSession Open(string path, Action<SessionOptions> configure)
    {
        using SessionOptions options = new()
        {
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = _threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,

            // Batches come in many sizes: a plan kept for each of them would be memory that only grows.
            EnableMemoryPattern = false,
        };

        // When a run ends, waiting threads sleep: the cores belong to other work.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", _spins ? "1" : "0");
        options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        configure(options);
        Configuring?.Invoke(options);
        _device.Prepare(options);
        InferenceSession session = new(path, options);
        try
        {
            foreach (string input in _inputs)
            {
                Check(session.InputMetadata, input, "input");
            }

            Check(session.OutputMetadata, _spec.Output, "output");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private void Check(IReadOnlyDictionary<string, NodeMetadata> metadata, string name, string what)
    {
        if (!metadata.TryGetValue(name, out NodeMetadata? node))
        {
            throw new InvalidBundleException(_path, what, $"expected '{name}', found {string.Join(", ", metadata.Keys)}.");
        }

        Type expected = what == "output"
            ? typeof(float)
            : _spec.InputKind switch
            {
                GraphInputKind.PixelsUInt8Nhwc => typeof(byte),
                GraphInputKind.PixelsFloat32Nchw => typeof(float),
                GraphInputKind.TokensInt32 => typeof(int),
                _ => typeof(long),
            };
        if (node.ElementType != expected)
        {
            throw new InvalidBundleException(_path, $"{what} '{name}'", $"expected {expected.Name}, found {node.ElementType.Name}.");
        }

        if (what == "output" && node.Dimensions is [.., int last] && last > 0 && last != _dimension)
        {
            throw new InvalidBundleException(_path, $"{what} '{name}'", $"expected {_dimension} columns, found {last}.");
        }
    }
}
