using System.Text.Json.Serialization;

namespace ClipFunctions.LocalHost.BlobTrigger;

[JsonSerializable(typeof(BlobTriggerMessage))]
internal sealed partial class BlobTriggerJson : JsonSerializerContext;
