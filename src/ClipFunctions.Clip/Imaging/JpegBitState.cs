namespace ClipFunctions.Clip.Imaging;

/// <summary>How far a JPEG's entropy-coded bits have been read.</summary>
internal struct JpegBitState
{
    /// <summary>The bits in hand: the next one is the highest, behind the last come zeros.</summary>
    public ulong Bits;

    /// <summary>How many bits are in hand.</summary>
    public int Count;

    /// <summary>Where the next byte is read.</summary>
    public int At;

    /// <summary>The marker that ended the data, or 0.</summary>
    public int Marker;

    /// <summary>Whether bits were asked for behind a marker.</summary>
    public bool Insufficient;
}
