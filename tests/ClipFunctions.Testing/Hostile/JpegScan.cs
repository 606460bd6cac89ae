namespace ClipFunctions.Testing.Hostile;

/// <summary>A scan of a JPEG.</summary>
internal sealed record JpegScan
{
    /// <summary>The components' ids.</summary>
    public required byte[] Components { get; init; }

    /// <summary>The first coefficient.</summary>
    public int Start { get; init; }

    /// <summary>The last coefficient.</summary>
    public int End { get; init; }

    /// <summary>The bit that came before; 0 if none did.</summary>
    public int High { get; init; }

    /// <summary>The bit that it brings.</summary>
    public int Low { get; init; }

    /// <summary>Its bytes.</summary>
    public byte[]? Data { get; init; }

    /// <summary>Further bytes, drawn.</summary>
    public int RandomBytes { get; init; }

    /// <summary>How often it stands there.</summary>
    public int Repeat { get; init; } = 1;
}
