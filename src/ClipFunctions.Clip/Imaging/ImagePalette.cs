namespace ClipFunctions.Clip.Imaging;

/// <summary>Palettes of 256 colours.</summary>
internal static class ImagePalette
{
    /// <summary>A palette from up to 256 × red, green, blue; as in Pillow, entries that the file leaves out are gray.</summary>
    public static byte[] Create(ReadOnlySpan<byte> colors)
    {
        byte[] palette = new byte[768];
        for (int i = 0; i < palette.Length; i++)
        {
            palette[i] = (byte)(i / 3);
        }

        colors.CopyTo(palette);
        return palette;
    }

    /// <summary>Whether each entry is its own index as gray.</summary>
    public static bool IsIdentity(ReadOnlySpan<byte> colors)
    {
        for (int i = 0; i < colors.Length; i++)
        {
            if (colors[i] != (byte)(i / 3))
            {
                return false;
            }
        }

        return true;
    }
}
