namespace ClipFunctions.ModelCaching;

/// <summary>A model of the preload list cannot be loaded or run; the inner exception tells why.</summary>
public sealed class ModelPreloadException : Exception
{
    internal ModelPreloadException(string model, Exception inner)
        : base($"Model '{model}' of the preload list cannot be used: {inner.Message}", inner) => Model = model;

    /// <summary>The entry of the list.</summary>
    public string Model { get; }
}
