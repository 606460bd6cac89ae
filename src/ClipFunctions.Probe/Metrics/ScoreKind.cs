namespace ClipFunctions.Probe.Metrics;

/// <summary>What scores mean.</summary>
public enum ScoreKind
{
    /// <summary>Their softmax is the classes' probabilities.</summary>
    Logits,

    /// <summary>They are probabilities, from 0 to 1; they need not sum to 1, as those of a sigmoid model do not.</summary>
    Probabilities,
}
