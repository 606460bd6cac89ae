using System.Numerics.Tensors;

namespace ClipFunctions.Clip.Inference;

internal static class Probabilities
{
    /// <summary>The softmax; the largest logit is taken off first, so that no exponential overflows.</summary>
    public static void Softmax(ReadOnlySpan<float> logits, Span<float> result)
    {
        if (logits.IsEmpty)
        {
            return;
        }

        TensorPrimitives.Subtract(logits, TensorPrimitives.Max(logits), result);
        TensorPrimitives.Exp<float>(result, result);
        TensorPrimitives.Divide(result, TensorPrimitives.Sum<float>(result), result);
    }
}
