namespace ClipFunctions.Evaluation;

/// <summary>How a <see cref="FeatureExtractor"/> works.</summary>
public sealed record FeatureOptions
{
    private readonly int _batchSize = 32;
    private readonly int _maxPictureBytes = 32 << 20;

    /// <summary>Pictures that are encoded at once, 1 or more; the last bits of vectors depend on it. Default 32.</summary>
    public int BatchSize
    {
        get => _batchSize;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(BatchSize));
            _batchSize = value;
        }
    }

    /// <summary>The most bytes of a picture, 1 or more. Default 33,554,432 (32 MiB).</summary>
    public int MaxPictureBytes
    {
        get => _maxPictureBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxPictureBytes));
            _maxPictureBytes = value;
        }
    }
}
