using System.Runtime.InteropServices;

namespace ClipFunctions.Checkpoints.Tests.Formats;

/// <summary>What a pickle says of a tensor; true or not.</summary>
public sealed record TorchTensor(string Name, string StorageType, string Key, long StorageCount, long Offset, long[] Sizes, long[] Strides)
{
    /// <summary>A tensor of floats that fills its storage.</summary>
    public static TorchTensor Floats(string name, string key, params long[] sizes)
    {
        long[] strides = new long[sizes.Length];
        long step = 1;
        for (int i = sizes.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= sizes[i];
        }

        return new TorchTensor(name, "FloatStorage", key, step, 0, sizes, strides);
    }

    /// <summary>0, 1, 2 … as floats.</summary>
    public static byte[] Counting(int count) => MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, count).Select(value => (float)value)]).ToArray();
}
