namespace ClipFunctions.Clip.Imaging;

/// <summary>A scan of a JPEG: which components it speaks of, and what of their coefficients.</summary>
/// <param name="Components">The components, in the order of the scan.</param>
/// <param name="Start">First coefficient, in zigzag order.</param>
/// <param name="End">Last coefficient.</param>
/// <param name="High">The bit that an earlier scan has told, or 0.</param>
/// <param name="Low">The bit that this scan tells.</param>
internal sealed record JpegScan(JpegComponent[] Components, int Start, int End, int High, int Low)
{
    /// <summary>The scan's only component, which is then read block by block; otherwise null.</summary>
    public JpegComponent? Only => Components.Length == 1 ? Components[0] : null;
}
