namespace ClipFunctions.Clip.Imaging;

/// <summary>How a picture of any shape becomes a square.</summary>
public enum ResizeMode
{
    /// <summary>The short side becomes the size and the long side keeps the shape (truncated); then the middle square is cut out.</summary>
    ShortestSide,

    /// <summary>Both sides become the size; the shape is lost.</summary>
    Squash,
}
