using ClipFunctions.Clip.Imaging;

namespace ClipFunctions.Clip.Inference;

/// <summary>How a model is loaded and run.</summary>
public sealed record ClipModelOptions
{
    private readonly int _threads;
    private readonly int _maxImageBatch = 32;
    private readonly int _maxTextTokens = 4096;
    private readonly long _optimizedGraphLimitMB = 16384;

    /// <summary>
    /// <c>auto</c> (default): the first GPU if there is one that works, else the CPU; <c>cpu</c>; <c>cuda</c> or <c>cuda:n</c>: that GPU or
    /// a <see cref="DeviceUnavailableException"/>.
    /// </summary>
    public string Device { get; init; } = "auto";

    /// <summary>
    /// The CUDA execution provider's own library (<c>libonnxruntime_providers_cuda_plugin.so</c> or the like), to be registered with ONNX
    /// Runtime; null (default) for the provider built into ONNX Runtime's GPU package, where that package is.
    /// </summary>
    public string? CudaProviderLibrary { get; init; }

    /// <summary>Options of the provider built into ONNX Runtime's GPU package.</summary>
    public CudaOptions Cuda { get; init; } = new();

    /// <summary>Which shapes of batches the sessions see. <see cref="BatchShapes.Auto"/> by default.</summary>
    public BatchShapes BatchShapes { get; init; }

    /// <summary>Threads of a tower's computation; 0 (default) for as many as there are cores.</summary>
    public int Threads
    {
        get => _threads;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(Threads));
            _threads = value;
        }
    }

    /// <summary>
    /// Whether a tower's threads wait for each other spinning during a run (never between runs): small batches are quicker by a tenth, but the processor's
    /// time is lost to other work. True by default; false is better where pictures are decoded or requests answered beside it on the same cores.
    /// </summary>
    public bool AllowSpinning { get; init; } = true;

    /// <summary>Pictures that are computed at once, 1 or more; a larger batch is cut into such pieces. 32 by default.</summary>
    public int MaxImageBatch
    {
        get => _maxImageBatch;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxImageBatch));
            _maxImageBatch = value;
        }
    }

    /// <summary>Tokens (rows times the longest row) that are computed at once, 1 or more; texts beyond are cut into such pieces. 4096 by default.</summary>
    public int MaxTextTokens
    {
        get => _maxTextTokens;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxTextTokens));
            _maxTextTokens = value;
        }
    }

    /// <summary>What the decoder accepts.</summary>
    public ImageLimits ImageLimits { get; init; } = ImageLimits.Default;

    /// <summary>Whether a picture's EXIF orientation is applied; false by default, as in the reference.</summary>
    public bool AutoOrient { get; init; }

    /// <summary>How closely <see cref="ClipModel.Preprocessor"/> follows the reference; <see cref="PreprocessingMode.Exact"/> by default.</summary>
    public PreprocessingMode Preprocessing { get; init; }

    /// <summary>Towers to load at once rather than when they are first used; none by default.</summary>
    public ModelTowers Preload { get; init; }

    /// <summary>
    /// Where ONNX Runtime's optimised graphs are kept, so that a later load need not optimise again and maps the
    /// weights into memory; null (default) for nowhere. An entry serves one version of ONNX Runtime on one kind of device and CPU, and
    /// takes about the size of the weights as the session computes with them (16-bit ones on the CPU: in 32 bits). Any number of processes may share the directory.
    /// </summary>
    public string? OptimizedGraphDirectory { get; init; }

    /// <summary>Mebibytes that <see cref="OptimizedGraphDirectory"/> may take, 0 or more; entries not used for longest leave. 16384 by default.</summary>
    public long OptimizedGraphLimitMB
    {
        get => _optimizedGraphLimitMB;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(OptimizedGraphLimitMB));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, long.MaxValue >> 20, nameof(OptimizedGraphLimitMB));
            _optimizedGraphLimitMB = value;
        }
    }
}
