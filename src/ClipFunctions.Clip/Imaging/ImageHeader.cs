namespace ClipFunctions.Clip.Imaging;

/// <summary>What a picture file says of itself before any pixel is decoded.</summary>
/// <param name="Format">The file format.</param>
/// <param name="Width">Width in pixels, as stored (EXIF orientation not applied).</param>
/// <param name="Height">Height in pixels, as stored.</param>
/// <param name="Mode">The mode that its pixels decode to.</param>
/// <param name="FrameCount">Number of frames; 1 for a still picture. Only the first is ever decoded.</param>
/// <param name="Orientation">EXIF orientation, 1 (as stored) to 8.</param>
public readonly record struct ImageHeader(ImageFormat Format, int Width, int Height, PixelMode Mode, int FrameCount, int Orientation);
