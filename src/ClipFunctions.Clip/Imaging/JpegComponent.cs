namespace ClipFunctions.Clip.Imaging;

/// <summary>A component of a JPEG's frame: its sampling, its tables, and where its coefficients and samples lie.</summary>
/// <param name="id">By which scans call it.</param>
/// <param name="h">Horizontal sampling, 1 to 4.</param>
/// <param name="v">Vertical sampling, 1 to 4.</param>
/// <param name="quantizationIndex">Its quantisation table, 0 to 3.</param>
internal sealed class JpegComponent(int id, int h, int v, int quantizationIndex)
{
    /// <summary>Bytes before a row of samples and behind it, for what stands beside its edges and for vectors that reach beyond.</summary>
    public const int Margin = 64;

    public int Id { get; } = id;

    public int H { get; } = h;

    public int V { get; } = v;

    public int QuantizationIndex { get; } = quantizationIndex;

    /// <summary>The table as it stood at the component's first scan, in natural order.</summary>
    public ushort[]? Quantization { get; set; }

    public int DcTable { get; set; }

    public int AcTable { get; set; }

    public int LastDc { get; set; }

    /// <summary>For each coefficient, the bit down to which scans have told it; −1 where none has (progressive only).</summary>
    public sbyte[]? KnownBits { get; set; }

    /// <summary>Blocks that a scan of this component alone has in a row.</summary>
    public int BlocksAcross { get; private set; }

    /// <summary>Rows of blocks that a scan of this component alone has.</summary>
    public int BlocksDown { get; private set; }

    /// <summary>Blocks from one row of blocks to the next; even, because they are transformed by two.</summary>
    public int BlockStride { get; private set; }

    /// <summary>Rows of blocks that are stored for the whole picture.</summary>
    public int StoredDown { get; private set; }

    /// <summary>Columns of the picture for each column of samples.</summary>
    public int ExpandH { get; private set; }

    /// <summary>Rows of the picture for each row of samples.</summary>
    public int ExpandV { get; private set; }

    /// <summary>Samples that a block gives across: 8 unless the picture is shrunk.</summary>
    public int BlockWidth { get; private set; }

    /// <summary>Samples that a block gives down.</summary>
    public int BlockHeight { get; private set; }

    /// <summary>Columns of samples that belong to the picture.</summary>
    public int Width { get; private set; }

    /// <summary>Rows of samples that belong to the picture.</summary>
    public int Height { get; private set; }

    /// <summary>Bytes from one row of samples to the next.</summary>
    public int Stride { get; private set; }

    /// <summary>Rows of samples that are held at a time: of two rows of units.</summary>
    public int RowsHeld { get; private set; }

    /// <summary>Where the samples begin in the reader's memory.</summary>
    public int SamplesAt { get; set; }

    /// <summary>Where the coefficients begin in the reader's memory.</summary>
    public int CoefficientsAt { get; set; }

    /// <summary>First block of a row that is transformed; even.</summary>
    public int FirstBlock { get; private set; }

    /// <summary>One behind the last block of a row that is transformed; even.</summary>
    public int EndBlock { get; private set; }

    /// <summary>Whether this sampling is one that is read: the picture's divides by it.</summary>
    public static bool Fits(int h, int v, int maxH, int maxV) => maxH % h == 0 && maxV % v == 0;

    /// <summary>Works out the sizes.</summary>
    /// <param name="width">The picture's width.</param>
    /// <param name="height">The picture's height.</param>
    /// <param name="maxH">The largest horizontal sampling of all components.</param>
    /// <param name="maxV">The largest vertical sampling of all components.</param>
    /// <param name="eighths">The size at which the picture is decoded.</param>
    public void Lay(int width, int height, int maxH, int maxV, int eighths)
    {
        int blocksWide = Divide(width, 8 * maxH), blocksHigh = Divide(height, 8 * maxV);
        BlocksAcross = Divide(Divide(width * H, maxH), 8);
        BlocksDown = Divide(Divide(height * V, maxV), 8);
        StoredDown = blocksHigh * V;
        BlockStride = (blocksWide * H + 1) & ~1;
        (ExpandH, ExpandV) = (maxH / H, maxV / V);
        (BlockWidth, BlockHeight) = (8, 8);
        (Width, Height) = (Divide(width * H, maxH), Divide(height * V, maxV));
        if (eighths < 8)
        {
            // Coarser components are shrunk less, and need no upsampling.
            (BlockWidth, BlockHeight) = (eighths * ExpandH, eighths * ExpandV);
            (Width, Height) = (Divide(width * eighths, 8), Divide(height * eighths, 8));
            (ExpandH, ExpandV) = (1, 1);
        }

        Stride = BlockStride * BlockWidth + 2 * Margin;
        RowsHeld = 2 * V * BlockHeight;
        (FirstBlock, EndBlock) = (0, BlockStride);
    }

    /// <summary>Limits what is transformed to what some columns of the picture need, with what upsampling looks at beside them.</summary>
    public void Keep(int firstColumn, int endColumn)
    {
        FirstBlock = Math.Clamp((firstColumn / ExpandH - 1) / BlockWidth, 0, BlockStride) & ~1;
        EndBlock = Math.Clamp(((Divide(endColumn, ExpandH) + BlockWidth) / BlockWidth + 1) & ~1, FirstBlock, BlockStride);
    }

    private static int Divide(int value, int by) => (value + by - 1) / by;
}
