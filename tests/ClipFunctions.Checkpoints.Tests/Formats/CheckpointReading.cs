using ClipFunctions.Checkpoints.Formats;

namespace ClipFunctions.Checkpoints.Tests.Formats;

/// <summary>Opens checkpoints that tests have in memory.</summary>
internal static class CheckpointReading
{
    public const string Name = "weights.pt";

    public static ICheckpoint Open(byte[] bytes) => CheckpointFile.Open(FileBytes.Of(Name, bytes), keepPrefix: false);

    public static float[] Read(this ICheckpoint checkpoint, string name)
    {
        TensorInfo tensor = checkpoint.Tensors[name];
        float[] values = new float[tensor.Count];
        checkpoint.Read(tensor, 0, values);
        return values;
    }

    /// <summary>The error of a file that is no checkpoint.</summary>
    public static InvalidCheckpointException Refuse(byte[] bytes, params string[] parts)
    {
        InvalidCheckpointException exception = Assert.Throws<InvalidCheckpointException>(() => Open(bytes).Dispose());
        Assert.All([Name, .. parts], part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
        Assert.InRange(exception.Message.Length, 1, 1000);
        return exception;
    }
}
