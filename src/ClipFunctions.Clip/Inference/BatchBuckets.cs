using System.Numerics;

namespace ClipFunctions.Clip.Inference;

/// <summary>The few shapes that batches are filled up to.</summary>
internal static class BatchBuckets
{
    private const int TokenStep = 8;

    /// <summary>The next power of two.</summary>
    public static int Rows(int count) => (int)BitOperations.RoundUpToPowerOf2((uint)count);

    /// <summary>The next multiple of eight, within the context.</summary>
    public static int Tokens(int length, int contextLength) => Math.Min((length + TokenStep - 1) / TokenStep * TokenStep, contextLength);
}
