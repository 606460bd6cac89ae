namespace ClipFunctions.ModelCaching;

/// <summary>No source holds the model.</summary>
public sealed class ModelNotFoundException : Exception
{
    internal ModelNotFoundException(string modelId, IReadOnlyList<string> sources, IReadOnlyList<string> available)
        : base($"There is no model '{modelId}' in {string.Join(", ", sources)}. Available: {(available.Count > 0 ? string.Join(", ", available) : "none")}.")
    {
        ModelId = modelId;
        Available = available;
    }

    /// <summary>The id that was asked for.</summary>
    public string ModelId { get; }

    /// <summary>The ids that could have been asked for.</summary>
    public IReadOnlyList<string> Available { get; }
}
