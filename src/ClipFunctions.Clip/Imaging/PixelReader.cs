namespace ClipFunctions.Clip.Imaging;

/// <summary>A picture being decoded, row by row from the top. The header is known (and has been checked) before the first row is asked for.</summary>
internal abstract class PixelReader(ImageHeader header) : IDisposable
{
    /// <summary>What the file says of itself.</summary>
    public ImageHeader Header { get; } = header;

    /// <summary>Width of the rows in pixels: the header's, unless <see cref="Shrink"/> has changed it.</summary>
    public int Width { get; protected set; } = header.Width;

    /// <summary>Number of rows: the header's, unless <see cref="Shrink"/> has changed it.</summary>
    public int Height { get; protected set; } = header.Height;

    /// <summary>What the picture's own edges enclose of the rows: all, unless <see cref="Shrink"/> has changed it.</summary>
    public SourceBox Box { get; protected set; } = SourceBox.All(header.Width, header.Height);

    /// <summary>To be looked at by readers that decode more than the rows that are asked for.</summary>
    public DecodeWatch? Watch { get; set; }

    /// <summary>768 bytes where the mode is <see cref="PixelMode.Palette"/>.</summary>
    public byte[]? Palette { get; protected set; }

    /// <summary>
    /// Asks the decoder, before the first row, to shrink the picture itself to no less than this size, where that is quicker. Does nothing where it cannot.
    /// </summary>
    public virtual void Shrink(int minWidth, int minHeight)
    {
    }

    /// <summary>
    /// Tells the decoder, before the first row and after <see cref="Shrink"/>, what of the picture will be looked at: it need not fill the rest. All rows are asked for
    /// all the same.
    /// </summary>
    public virtual void Keep(int firstColumn, int endColumn, int firstRow, int endRow)
    {
    }

    /// <summary>Decodes the next rows, packed as in <see cref="DecodedImage"/>.</summary>
    /// <exception cref="ImageException">The file is damaged.</exception>
    public abstract void ReadRows(Span<byte> destination, int count);

    /// <summary>Checks what stands behind the pixels, after all rows have been read.</summary>
    /// <exception cref="ImageException">The file is damaged there, in a way that the reference refuses too.</exception>
    public virtual void Finish()
    {
    }

    public abstract void Dispose();
}
