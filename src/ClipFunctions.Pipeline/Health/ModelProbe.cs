using ClipFunctions.Clip.Inference;

namespace ClipFunctions.Pipeline.Health;

/// <summary>Runs both towers of a model on an input made for it, and looks whether what comes out can be a vector.</summary>
public static class ModelProbe
{
    /// <summary>Runs the model once.</summary>
    /// <exception cref="InvalidOperationException">A tower gives zeros, infinities or no numbers.</exception>
    public static void Run(ClipModel model, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        byte[] pixels = new byte[model.ImageSize * model.ImageSize * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)(i * 31);
        }

        Check(model.EncodeImage(pixels, 1, cancellationToken), "image", model);
        Check(model.EncodeText(["a photo"], cancellationToken: cancellationToken), "text", model);
    }

    private static void Check(EmbeddingMatrix embeddings, string tower, ClipModel model)
    {
        ReadOnlySpan<float> vector = embeddings[0];
        float sum = 0;
        foreach (float value in vector)
        {
            sum += value * value;
        }

        if (!float.IsFinite(sum) || sum == 0)
        {
            throw new InvalidOperationException($"The {tower} tower of '{model.Manifest.Id}' on {model.Device} gave a vector of squared length {sum}.");
        }
    }
}
