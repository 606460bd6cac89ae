namespace ClipFunctions.Testing.Hostile;

/// <summary>A frame of a GIF.</summary>
internal sealed record GifFrame(int Width, int Height)
{
    /// <summary>Where it lies.</summary>
    public int X { get; init; }

    /// <summary>Where it lies.</summary>
    public int Y { get; init; }

    /// <summary>Hundredths of a second.</summary>
    public int Delay { get; init; }

    /// <summary>Whether its rows are interlaced.</summary>
    public bool Interlaced { get; init; }

    /// <summary>Bits of the first codes, less one.</summary>
    public byte CodeSize { get; init; } = 2;

    /// <summary>How many pixels there are, if not as many as it says.</summary>
    public long? Pixels { get; init; }

    /// <summary>Its compressed data, if not those of one colour.</summary>
    public byte[]? Codes { get; init; }
}
