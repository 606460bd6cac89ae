namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>What every request about a model may say. Fields are null where the request does not say them.</summary>
internal abstract class ModelFields
{
    /// <summary>The model's id or an alias, with <c>:precision</c> or without; the host's default if absent.</summary>
    public string? Model { get; set; }
}
