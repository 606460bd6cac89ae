using ClipFunctions.Clip.Bundles;
using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.Clip.Inference;

/// <summary>
/// One tower's ONNX session, made when it is first used, once, however many ask for it at a time; a failure is not kept. Runs are safe
/// from several threads.
/// </summary>
internal sealed class TowerSession(string path, GraphSpec spec, int dimension, int threads, DeviceSetup device) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string[] _inputs = spec.AttentionMask is { } mask ? [spec.Input, mask] : [spec.Input];
    private readonly string[] _outputs = [spec.Output];
    private volatile InferenceSession? _session;

    public bool IsLoaded => _session is not null;

    public void Load(CancellationToken cancellationToken)
    {
        if (_session is null)
        {
            lock (_lock)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _session ??= Create();
            }
        }
    }

    /// <summary>Runs the tower on one batch.</summary>
    /// <param name="input">The batch, row-major.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="output">Takes <c>[n, dimension]</c>.</param>
    /// <param name="cancellationToken">Ends the run between two nodes of the graph.</param>
    /// <param name="mask">The attention mask of the same shape, where the graph takes one.</param>
    public void Run<T>(Memory<T> input, long[] shape, Memory<float> output, CancellationToken cancellationToken, Memory<T> mask = default)
        where T : unmanaged
    {
        Load(cancellationToken);
        if (!spec.SingleItem || shape[0] == 1)
        {
            RunBatch(input, shape, output, mask, cancellationToken);
            return;
        }

        int count = (int)shape[0];
        int each = input.Length / Math.Max(1, count);
        long[] single = [1, .. shape[1..]];
        for (int i = 0; i < count; i++)
        {
            RunBatch(input.Slice(i * each, each), single, output.Slice(i * dimension, dimension), mask.IsEmpty ? mask : mask.Slice(i * each, each), cancellationToken);
        }
    }

    private void RunBatch<T>(Memory<T> input, long[] shape, Memory<float> output, Memory<T> mask, CancellationToken cancellationToken)
        where T : unmanaged
    {
        using RunOptions options = new();
        using CancellationTokenRegistration registration = cancellationToken.Register(static state => ((RunOptions)state!).Terminate = true, options);
        using OrtValue pixels = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, input, shape);
        using OrtValue embeddings = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, output, [shape[0], dimension]);
        using OrtValue? masks = mask.IsEmpty ? null : OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, mask, shape);
        try
        {
            _session!.Run(options, _inputs, masks is null ? [pixels] : [pixels, masks], _outputs, [embeddings]);
        }
        catch (OnnxRuntimeException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The run was cancelled.", exception, cancellationToken);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _session?.Dispose();
            _session = null;
        }
    }

    private InferenceSession Create()
    {
        using SessionOptions options = new()
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,

            // Batches come in many sizes: a plan kept for each of them would be memory that only grows.
            EnableMemoryPattern = false,
        };

        // Waiting threads sleep: the cores belong to decoding and to the host's other work.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        device.Prepare(options);
        try
        {
            InferenceSession session = new(path, options);
            try
            {
                foreach (string input in _inputs)
                {
                    Check(session.InputMetadata, input, "input");
                }

                Check(session.OutputMetadata, spec.Output, "output");
                return session;
            }
            catch
            {
                session.Dispose();
                throw;
            }
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InvalidBundleException(path, null, exception.Message, exception);
        }
    }

    private void Check(IReadOnlyDictionary<string, NodeMetadata> metadata, string name, string what)
    {
        if (!metadata.TryGetValue(name, out NodeMetadata? node))
        {
            throw new InvalidBundleException(path, what, $"expected '{name}', found {string.Join(", ", metadata.Keys)}.");
        }

        Type expected = what == "output"
            ? typeof(float)
            : spec.InputKind switch
            {
                GraphInputKind.PixelsUInt8Nhwc => typeof(byte),
                GraphInputKind.PixelsFloat32Nchw => typeof(float),
                GraphInputKind.TokensInt32 => typeof(int),
                _ => typeof(long),
            };
        if (node.ElementType != expected)
        {
            throw new InvalidBundleException(path, $"{what} '{name}'", $"expected {expected.Name}, found {node.ElementType.Name}.");
        }

        if (what == "output" && node.Dimensions is [.., int last] && last > 0 && last != dimension)
        {
            throw new InvalidBundleException(path, $"{what} '{name}'", $"expected {dimension} columns, found {last}.");
        }
    }
}
