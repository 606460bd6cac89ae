using System.Globalization;

namespace ClipFunctions.Clip.Inference;

/// <summary>Options of ONNX Runtime's own CUDA provider; they do not concern a provider library of its own, nor the CPU.</summary>
public sealed record CudaOptions
{
    private readonly long _memoryLimitMB;

    /// <summary>Mebibytes of the GPU's memory that a session's arena may take (<c>gpu_mem_limit</c>), 0 or more; 0 (default) for all there is.</summary>
    public long MemoryLimitMB
    {
        get => _memoryLimitMB;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(MemoryLimitMB));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, long.MaxValue >> 20, nameof(MemoryLimitMB));
            _memoryLimitMB = value;
        }
    }

    /// <summary>
    /// Whether the arena grows by what is asked for (<c>arena_extend_strategy=kSameAsRequested</c>; default), so that several models fit beside one
    /// another, or by powers of two (<c>kNextPowerOfTwo</c>, ONNX Runtime's own default).
    /// </summary>
    public bool GrowAsRequested { get; init; } = true;

    /// <summary>How convolutions' algorithms are chosen (<c>cudnn_conv_algo_search</c>). Default <see cref="ConvolutionSearch.Heuristic"/>: trying all of them delays the first batch of each shape.</summary>
    public ConvolutionSearch ConvolutionSearch { get; init; } = ConvolutionSearch.Heuristic;

    /// <summary>Whether products of fp32 matrices may be taken in TF32 (<c>use_tf32</c>). False by default, unlike ONNX Runtime's: its ten bits of mantissa do not give the reference's vectors within 1e-4.</summary>
    public bool UseTf32 { get; init; }

    /// <summary>The provider's options by its own names.</summary>
    /// <param name="device">The GPU's number.</param>
    internal Dictionary<string, string> ToProviderOptions(int device)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal)
        {
            ["device_id"] = device.ToString(CultureInfo.InvariantCulture),
            ["arena_extend_strategy"] = GrowAsRequested ? "kSameAsRequested" : "kNextPowerOfTwo",
            ["cudnn_conv_algo_search"] = ConvolutionSearch.ToString().ToUpperInvariant(),
            ["use_tf32"] = UseTf32 ? "1" : "0",
        };
        if (MemoryLimitMB > 0)
        {
            options["gpu_mem_limit"] = (MemoryLimitMB << 20).ToString(CultureInfo.InvariantCulture);
        }

        return options;
    }
}
