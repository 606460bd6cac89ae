using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Formats;

/// <summary>A picture whose path tells its split and class.</summary>
/// <param name="Path">The path that is looked at.</param>
/// <param name="Name">What the item is called.</param>
/// <param name="File">The file that holds it.</param>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct PictureFile(string Path, string Name, DatasetFile File, long Offset, long Length);
