using ClipFunctions.Clip.Imaging;

namespace ClipFunctions.ModelCaching.Batching;

/// <summary>What became of one of several pictures.</summary>
/// <param name="Picture">Its vector; null if it has none.</param>
/// <param name="Fault">Why it has none; null if it has.</param>
public sealed record PictureOutcome(EncodedPicture? Picture, ImageException? Fault);
