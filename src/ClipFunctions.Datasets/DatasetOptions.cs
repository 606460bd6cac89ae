namespace ClipFunctions.Datasets;

/// <summary>How a data set is looked through. A value out of its range throws <see cref="ArgumentOutOfRangeException"/> where it is set.</summary>
public sealed record DatasetOptions
{
    private readonly int _maxItems = 20_000_000;
    private readonly int _maxListedFaults = 100;
    private readonly int _parallelism = 4;

    /// <summary>The layout; null (default) to tell it by what is there.</summary>
    public DatasetFormat? Format { get; init; }

    /// <summary>The most pictures that a plan may have; 20 million by default, at least 2.</summary>
    public int MaxItems
    {
        get => _maxItems;
        init => _maxItems = AtLeast(2, value, nameof(MaxItems));
    }

    /// <summary>The most faults that are listed; all are counted. 100 by default, at least 0.</summary>
    public int MaxListedFaults
    {
        get => _maxListedFaults;
        init => _maxListedFaults = AtLeast(0, value, nameof(MaxListedFaults));
    }

    /// <summary>How many archives are looked through at a time; 4 by default, at least 1.</summary>
    public int Parallelism
    {
        get => _parallelism;
        init => _parallelism = AtLeast(1, value, nameof(Parallelism));
    }

    private static int AtLeast(int least, int value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        return value;
    }
}
