namespace ClipFunctions.Clip.Imaging;

/// <summary>How a picture of any shape becomes a square.</summary>
public enum ResizeMode
{
    /// <summary>The short side becomes the size and the long side keeps the shape (truncated); then the middle square is cut out.</summary>
    ShortestSide,

    /// <summary>
    /// The long side becomes the size and the short side keeps the shape (rounded half to even, at least 1); what is missing of the square is filled, half of it on each
    /// side (open_clip's <c>ResizeKeepRatio</c> with <c>longest</c> 1, and <c>CenterCropOrPad</c>).
    /// </summary>
    LongestSide,

    /// <summary>Both sides become the size; the shape is lost.</summary>
    Squash,
}
