namespace ClipFunctions.Clip.Imaging;

/// <summary>Takes back PNG's row filters.</summary>
internal static class PngFilter
{
    /// <summary>Unfilters one row in place; both rows begin with their filter byte.</summary>
    /// <param name="row">The row.</param>
    /// <param name="above">The row above, or zeros.</param>
    /// <param name="step">Bytes of one pixel, at least 1.</param>
    /// <exception cref="CorruptImageException">There is no such filter.</exception>
    public static void Reverse(Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        int filter = row[0];
        row = row[1..];
        above = above[1..][..row.Length];
        int head = Math.Min(step, row.Length);
        switch (filter)
        {
            case 0:
                break;
            case 1:
                for (int i = step; i < row.Length; i++)
                {
                    row[i] += row[i - step];
                }

                break;
            case 2:
                System.Numerics.Tensors.TensorPrimitives.Add(row, above, row);
                break;
            case 3:
                for (int i = 0; i < head; i++)
                {
                    row[i] += (byte)(above[i] / 2);
                }

                for (int i = step; i < row.Length; i++)
                {
                    row[i] += (byte)((row[i - step] + above[i]) / 2);
                }

                break;
            case 4:
                for (int i = 0; i < head; i++)
                {
                    row[i] += above[i];
                }

                for (int i = step; i < row.Length; i++)
                {
                    int a = row[i - step], b = above[i], c = above[i - step];
                    int pa = Math.Abs(b - c), pb = Math.Abs(a - c), pc = Math.Abs(a + b - 2 * c);
                    row[i] += (byte)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
                }

                break;
            default:
                throw new CorruptImageException(ImageFormat.Png, $"a row's filter is {filter}");
        }
    }
}
