using System.Globalization;

namespace ClipFunctions.Probe.Labels;

/// <summary>The class of every row: indices into a list of classes.</summary>
public sealed class LabelVector
{
    private readonly int[] _indices;

    private LabelVector(int[] indices, string[] classes)
    {
        _indices = indices;
        Classes = classes;
    }

    /// <summary>How many rows.</summary>
    public int Count => _indices.Length;

    /// <summary>The classes' names; a number is a name too.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>A row's class, 0 or more and below the number of classes.</summary>
    public ReadOnlySpan<int> Indices => _indices;

    /// <summary>Takes indices into given classes.</summary>
    /// <param name="indices">The class of every row.</param>
    /// <param name="classes">Names, all different.</param>
    /// <exception cref="ArgumentException">An index is out of range, or a name comes twice or is empty.</exception>
    public static LabelVector FromIndices(ReadOnlySpan<int> indices, IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < classes.Count; i++)
        {
            if (string.IsNullOrEmpty(classes[i]) || !seen.Add(classes[i]))
            {
                throw new ArgumentException(Text($"Class {i} {(string.IsNullOrEmpty(classes[i]) ? "has no name" : $"has the name of another: '{classes[i]}'")}."), nameof(classes));
            }
        }

        for (int row = 0; row < indices.Length; row++)
        {
            if ((uint)indices[row] >= (uint)classes.Count)
            {
                throw new ArgumentException(Text($"The label of row {row} is {indices[row]}, but there are {classes.Count} classes."), nameof(indices));
            }
        }

        return new LabelVector(indices.ToArray(), [.. classes]);
    }

    /// <summary>Takes whole numbers as names; the classes are those that occur, in ascending order, as scikit-learn has them.</summary>
    /// <param name="labels">The label of every row.</param>
    public static LabelVector From(ReadOnlySpan<int> labels)
    {
        int[] classes = [.. new SortedSet<int>(labels.ToArray())];
        int[] indices = new int[labels.Length];
        for (int row = 0; row < labels.Length; row++)
        {
            indices[row] = Array.BinarySearch(classes, labels[row]);
        }

        return new LabelVector(indices, [.. classes.Select(c => c.ToString(CultureInfo.InvariantCulture))]);
    }

    /// <summary>Takes names; the classes are those that occur, in ordinal order, as scikit-learn has them.</summary>
    /// <param name="labels">The label of every row.</param>
    /// <exception cref="ArgumentException">A label is empty.</exception>
    public static LabelVector From(IReadOnlyList<string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        string[] classes = [.. new SortedSet<string>(labels, StringComparer.Ordinal)];
        int[] indices = new int[labels.Count];
        for (int row = 0; row < labels.Count; row++)
        {
            indices[row] = string.IsNullOrEmpty(labels[row])
                ? throw new ArgumentException(Text($"The label of row {row} is empty."), nameof(labels))
                : Array.BinarySearch(classes, labels[row], StringComparer.Ordinal);
        }

        return new LabelVector(indices, classes);
    }

    /// <summary>The labels of several sets of rows, one after the other, as <see cref="Features.FeatureMatrix.Concatenate"/> puts features together.</summary>
    /// <param name="parts">At least one; all have the same classes in the same order.</param>
    /// <exception cref="ArgumentException">The classes differ.</exception>
    public static LabelVector Concatenate(params IReadOnlyList<LabelVector> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return parts.Count > 0 && parts.All(part => part.Classes.SequenceEqual(parts[0].Classes, StringComparer.Ordinal))
            ? new LabelVector([.. parts.SelectMany(part => part._indices)], [.. parts[0].Classes])
            : throw new ArgumentException("Only labels of the same classes can be put together.", nameof(parts));
    }

    /// <summary>The labels of some rows, as <see cref="Features.FeatureMatrix.Select"/> takes features.</summary>
    /// <param name="rows">Indices of rows.</param>
    public LabelVector Select(ReadOnlySpan<int> rows)
    {
        int[] indices = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            indices[i] = _indices[rows[i]];
        }

        return new LabelVector(indices, [.. Classes]);
    }

    /// <summary>How many rows each class has.</summary>
    public int[] CountByClass()
    {
        int[] counts = new int[Classes.Count];
        foreach (int index in _indices)
        {
            counts[index]++;
        }

        return counts;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
