namespace ClipFunctions.ModelCaching.Batching;

/// <summary>How the work of many callers is put together into batches, for each tower of each model.</summary>
public sealed record BatchingOptions
{
    private readonly int _maxImages = 32;
    private readonly int _maxQueuedImages = 512;
    private readonly int _maxQueuedTexts = 8192;
    private readonly TimeSpan _maxDelay = TimeSpan.FromMilliseconds(5);
    private readonly int _decoders = Environment.ProcessorCount;

    /// <summary>The most pictures of a batch, 1 or more. Default 32. Texts are counted by their tokens (<see cref="Clip.Inference.ClipModelOptions.MaxTextTokens"/>).</summary>
    public int MaxImages
    {
        get => _maxImages;
        init => _maxImages = AtLeastOne(value, nameof(MaxImages));
    }

    /// <summary>
    /// The longest that a piece of work waits for others that are on their way (pictures being decoded); 0 for not at all. A caller
    /// who is alone never waits, nor does anybody while a batch runs longer than this. Default 5 ms; 0 to 10 s.
    /// </summary>
    public TimeSpan MaxDelay
    {
        get => _maxDelay;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero, nameof(MaxDelay));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromSeconds(10), nameof(MaxDelay));
            _maxDelay = value;
        }
    }

    /// <summary>The most pictures of a model that wait (being decoded included), 1 or more; beyond it, who does not insist is turned away. Default 512.</summary>
    public int MaxQueuedImages
    {
        get => _maxQueuedImages;
        init => _maxQueuedImages = AtLeastOne(value, nameof(MaxQueuedImages));
    }

    /// <summary>The most texts of a model that wait, likewise. Default 8192.</summary>
    public int MaxQueuedTexts
    {
        get => _maxQueuedTexts;
        init => _maxQueuedTexts = AtLeastOne(value, nameof(MaxQueuedTexts));
    }

    /// <summary>Pictures that are decoded at once, over all models, 1 or more. Default: as many as there are cores.</summary>
    public int Decoders
    {
        get => _decoders;
        init => _decoders = AtLeastOne(value, nameof(Decoders));
    }

    private static int AtLeastOne(int value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, name);
        return value;
    }
}
