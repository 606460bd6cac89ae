using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Clip.Inference;

/// <summary>
/// How much memory a session takes, from the size of its graph's files. On the CPU ONNX Runtime computes 16-bit weights in 32 bits and
/// keeps them so; 8-bit weights are packed. Measured on ViT-B/32, growth of resident memory by size of the files: 1.2 (32 bits), 2.3
/// (16 bits), 1.5 (8 bits); with a stored optimised graph, whose weights are mapped, 0.9, 1.8 and 1.1.
/// </summary>
internal static class MemoryEstimate
{
    public static long Of(long fileBytes, WeightStorage weights, ModelDevice device) => device.Name != "cpu"
        ? fileBytes
        : weights switch
        {
            WeightStorage.Fp32 => fileBytes * 5 / 4,
            WeightStorage.Fp16WhereExact or WeightStorage.Fp16 => fileBytes * 5 / 2,
            _ => fileBytes * 3 / 2,
        };
}
