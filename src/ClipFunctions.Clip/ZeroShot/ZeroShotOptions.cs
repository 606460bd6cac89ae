namespace ClipFunctions.Clip.ZeroShot;

/// <summary>How a <see cref="ZeroShotClassifier"/> works.</summary>
public sealed record ZeroShotOptions
{
    private readonly int _cacheCapacity = 64;
    private readonly int _cacheMegabytes = 256;
    private readonly int _maxPrompts = 2048;

    /// <summary>Label sets (for each model) whose vectors are kept; the one not used for longest goes first. 64 by default, at least 1.</summary>
    public int CacheCapacity
    {
        get => _cacheCapacity;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(CacheCapacity));
            _cacheCapacity = value;
        }
    }

    /// <summary>Mebibytes that the kept vectors may take together, likewise; 256 by default, at least 1.</summary>
    public int CacheMegabytes
    {
        get => _cacheMegabytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(CacheMegabytes));
            _cacheMegabytes = value;
        }
    }

    /// <summary>Prompts that are tokenized and encoded at a time; 2048 by default, at least 1.</summary>
    public int MaxPrompts
    {
        get => _maxPrompts;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxPrompts));
            _maxPrompts = value;
        }
    }

    /// <summary>Whether a prompt beyond the model's context is cut; by default it is an error, as in the reference.</summary>
    public bool Truncate { get; init; }
}
