namespace ClipFunctions.Testing.Hostile;

/// <summary>What a JPEG of <see cref="JpegFile"/> is like; by default, a gray baseline one with all that it needs.</summary>
internal sealed record JpegOptions
{
    /// <summary>Width in pixels.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Height in pixels.</summary>
    public int Height { get; init; } = 48;

    /// <summary>The frame's marker: 0xC0 baseline, 0xC1 extended, 0xC2 progressive, 0xC3 lossless, 0xC9 arithmetic …</summary>
    public int Frame { get; init; } = 0xC0;

    /// <summary>Bits of a sample.</summary>
    public byte Precision { get; init; } = 8;

    /// <summary>The sampling of each component, horizontal in the upper four bits.</summary>
    public byte[] Sampling { get; init; } = [0x11];

    /// <summary>The transform that Adobe's marker tells; no marker if null.</summary>
    public byte? Adobe { get; init; }

    /// <summary>Whether there is a quantisation table.</summary>
    public bool QuantizationTables { get; init; } = true;

    /// <summary>Whether there are Huffman tables.</summary>
    public bool HuffmanTables { get; init; } = true;

    /// <summary>Units between two restarts; restarts are drawn if it is not null.</summary>
    public int? RestartInterval { get; init; }

    /// <summary>Bytes of the only scan.</summary>
    public int EntropyBytes { get; init; } = 4000;

    /// <summary>The scans; one of all components if there are none.</summary>
    public IReadOnlyList<JpegScan> Scans { get; init; } = [];

    /// <summary>Bytes before the frame's header.</summary>
    public byte[] BeforeFrame { get; init; } = [];

    /// <summary>Bytes behind the end.</summary>
    public byte[] Behind { get; init; } = [];

    /// <summary>What is drawn.</summary>
    public int Seed { get; init; } = 1;
}
