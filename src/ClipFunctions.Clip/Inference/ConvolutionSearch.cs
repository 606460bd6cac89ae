namespace ClipFunctions.Clip.Inference;

/// <summary>How cuDNN's algorithm for a convolution is chosen.</summary>
public enum ConvolutionSearch
{
    /// <summary>All are tried for each new shape.</summary>
    Exhaustive,

    /// <summary>By cuDNN's own guess.</summary>
    Heuristic,

    /// <summary>Always the same one.</summary>
    Default,
}
