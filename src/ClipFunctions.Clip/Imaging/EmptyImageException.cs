namespace ClipFunctions.Clip.Imaging;

/// <summary>The file has no bytes. <see cref="ImageException.Reason"/> is <c>Empty</c>.</summary>
public sealed class EmptyImageException() : ImageException("Empty", "The file is empty: it has 0 bytes.");
