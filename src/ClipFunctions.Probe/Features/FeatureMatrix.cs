using System.Globalization;

namespace ClipFunctions.Probe.Features;

/// <summary>Features, one vector of float32 a row: in memory, in a memory-mapped <c>.npy</c> file, or put together from such. Readable from any thread.</summary>
public abstract class FeatureMatrix : IDisposable
{
    private protected FeatureMatrix(int count, int dimension)
    {
        Count = count;
        Dimension = dimension;
    }

    /// <summary>How many rows.</summary>
    public int Count { get; }

    /// <summary>The length of a row, 1 or more.</summary>
    public int Dimension { get; }

    /// <summary>Features that stand in memory; they are not copied and must stay as they are.</summary>
    /// <param name="values">The rows one after the other, <c>[count, dimension]</c>.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="dimension">The length of a row.</param>
    /// <exception cref="ArgumentException">There are not <paramref name="count"/> × <paramref name="dimension"/> numbers.</exception>
    public static FeatureMatrix FromMemory(ReadOnlyMemory<float> values, int count, int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        return values.Length == (long)count * dimension
            ? new MemoryFeatures(values, count, dimension)
            : throw new ArgumentException(Text($"{count} rows of {dimension} are {(long)count * dimension} numbers, but there are {values.Length}."), nameof(values));
    }

    /// <summary>Maps a <c>.npy</c> file of little-endian float32, shape <c>[n, d]</c> in C order, into memory; pages are read when they are needed. It must stay as it is until this is disposed.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">It is no such file; the message tells what is wrong.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static FeatureMatrix OpenNpy(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return MappedFeatures.Open(path);
    }

    /// <summary>The rows of several matrices, one after the other. They are read in place and must outlive the result, which does not dispose them.</summary>
    /// <param name="parts">At least one matrix, all of the same dimension.</param>
    /// <exception cref="ArgumentException">There is no matrix, the dimensions differ, or there are more than 2³¹ − 1 rows.</exception>
    public static FeatureMatrix Concatenate(params IReadOnlyList<FeatureMatrix> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0)
        {
            throw new ArgumentException("No features to put together.", nameof(parts));
        }

        for (int i = 1; i < parts.Count; i++)
        {
            if (parts[i].Dimension != parts[0].Dimension)
            {
                throw new ArgumentException(Text($"Features {i} have {parts[i].Dimension} numbers a row, the first have {parts[0].Dimension}."), nameof(parts));
            }
        }

        long count = parts.Sum(part => (long)part.Count);
        return count <= int.MaxValue
            ? new ConcatenatedFeatures([.. parts], (int)count)
            : throw new ArgumentException(Text($"{count} rows are too many; {int.MaxValue} is the limit."), nameof(parts));
    }

    /// <summary>Some of the rows, in the given order, read in place: this matrix must outlive the result, which does not dispose it.</summary>
    /// <param name="rows">Indices of rows; a row may come more than once.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public FeatureMatrix Select(ReadOnlyMemory<int> rows)
    {
        foreach (int row in rows.Span)
        {
            if ((uint)row >= (uint)Count)
            {
                throw new ArgumentOutOfRangeException(nameof(rows), row, Text($"There are {Count} rows."));
            }
        }

        return new SelectedFeatures(this, rows);
    }

    /// <summary>Copies rows.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="rows">Where to: a multiple of <see cref="Dimension"/> numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such rows.</exception>
    public void CopyRows(int first, Span<float> rows)
    {
        if (rows.Length % Dimension != 0)
        {
            throw new ArgumentException(Text($"{rows.Length} numbers are no whole rows of {Dimension}."), nameof(rows));
        }

        int count = rows.Length / Dimension;
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Count - count);
        ReadOnlySpan<float> source = Read(first, count, rows);
        if (!source.Overlaps(rows))
        {
            source.CopyTo(rows);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Rows in place where they stand together, otherwise copied into the scratch.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="count">How many.</param>
    /// <param name="scratch">Room for them.</param>
    internal abstract ReadOnlySpan<float> Read(int first, int count, Span<float> scratch);

    private protected virtual void Free()
    {
    }

    private protected static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
