using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Problems;

/// <summary>Why one of several pictures got no answer.</summary>
/// <param name="Index">Which, from 0.</param>
/// <param name="Name">Its name, if it came with one.</param>
/// <param name="Code">A stable code: <c>UnsupportedFormat</c>, <c>Corrupt</c>, <c>TooManyPixels</c>, <c>BlobNotFound</c> …</param>
/// <param name="Detail">What was wrong, with the limit and the actual value.</param>
public sealed record PictureError(
    int Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name,
    string Code,
    string Detail);
