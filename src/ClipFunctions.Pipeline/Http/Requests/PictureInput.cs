using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>A picture of a request: its bytes, or where they are.</summary>
/// <param name="Bytes">The file's bytes; empty if <paramref name="Blob"/> names them.</param>
/// <param name="Blob">A blob of the uploads container, as <c>uploads/{path}</c>.</param>
/// <param name="Name">What the sender calls it.</param>
/// <param name="Fault">Why it cannot be read, where that is known already.</param>
[JsonConverter(typeof(PictureInputConverter))]
internal sealed record PictureInput(ReadOnlyMemory<byte> Bytes, string? Blob = null, string? Name = null, string? Fault = null);
