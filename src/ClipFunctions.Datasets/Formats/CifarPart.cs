using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Formats;

/// <summary>The records of one of CIFAR's files.</summary>
/// <param name="Name">The file's name, within its archive if it is in one.</param>
/// <param name="Kind">Which CIFAR.</param>
/// <param name="Split">What they are for.</param>
/// <param name="File">The file that holds them.</param>
/// <param name="InGzip">Whether that is gzipped.</param>
/// <param name="Offset">The first record's place.</param>
/// <param name="Labels">Every record's label.</param>
internal sealed record CifarPart(string Name, DatasetEncoding Kind, DatasetSplit Split, DatasetFile File, bool InGzip, long Offset, byte[] Labels);
