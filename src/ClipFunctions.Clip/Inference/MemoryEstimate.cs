using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Clip.Inference;

/// <summary>
/// How much memory a session takes, from the size of its graph's files. On the CPU ONNX Runtime computes 16-bit weights in 32 bits and
/// keeps them so; 8-bit weights get a packed copy or are widened in part. Measured on ViT-B/32, resident memory of a tower by size of its
/// files: 1.1–1.4 (32 bits), 2.2–2.9 (16 bits), 1.4–2.0 (8 bits).
/// </summary>
internal static class MemoryEstimate
{
    public static long Of(long fileBytes, WeightStorage weights, ModelDevice device) => device.Name != "cpu"
        ? fileBytes
        : weights switch
        {
            WeightStorage.Fp32 => fileBytes * 5 / 4,
            WeightStorage.Fp16WhereExact or WeightStorage.Fp16 => fileBytes * 5 / 2,
            _ => fileBytes * 7 / 4,
        };
}
