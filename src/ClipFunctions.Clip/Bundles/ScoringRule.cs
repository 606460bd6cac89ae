namespace ClipFunctions.Clip.Bundles;

/// <summary>How a cosine becomes a logit and logits become probabilities: <c>logit = scale · cosine + bias</c>.</summary>
public sealed record ScoringRule
{
    /// <summary>Softmax over the labels or a sigmoid for each.</summary>
    public required ScoringKind Kind { get; init; }

    /// <summary>The factor on the cosine: <c>exp(logit_scale)</c> of the checkpoint (100 for OpenAI's models), not its logarithm.</summary>
    public required float LogitScale { get; init; }

    /// <summary>What is added to the scaled cosine; 0 but for sigmoid models.</summary>
    public float LogitBias { get; init; }
}
