namespace ClipFunctions.Clip.Imaging;

/// <summary>Pillow's resampling filters that CLIP models use; both are widened by the scale when a picture shrinks (antialias).</summary>
public enum Interpolation
{
    /// <summary>Cubic convolution with a = −0.5, two pixels to each side.</summary>
    Bicubic,

    /// <summary>A triangle, one pixel to each side.</summary>
    Bilinear,
}
