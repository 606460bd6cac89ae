using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Requests;

[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class TextListJson : JsonSerializerContext;
