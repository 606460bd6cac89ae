namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// The part of decoded pixels that a resize takes for the whole picture, in pixels with fractions: Pillow's <c>box</c>. A picture that its decoder has shrunk
/// ends inside its last column and row, because the decoder rounds up.
/// </summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width, above 0.</param>
/// <param name="Height">Height, above 0.</param>
internal readonly record struct SourceBox(double X, double Y, double Width, double Height)
{
    /// <summary>All of the pixels.</summary>
    public static SourceBox All(int width, int height) => new(0, 0, width, height);

    /// <summary>Where the box lies when pixels of <paramref name="width"/> × <paramref name="height"/> are turned as <see cref="ImageOrientation.Apply"/> does.</summary>
    public SourceBox Turn(int orientation, int width, int height)
    {
        bool mirrorX = orientation is 2 or 3 or 7 or 8;
        bool mirrorY = orientation is 3 or 4 or 6 or 7;
        double x = mirrorX ? width - X - Width : X;
        double y = mirrorY ? height - Y - Height : Y;
        return orientation >= 5 ? new SourceBox(y, x, Height, Width) : new SourceBox(x, y, Width, Height);
    }
}
