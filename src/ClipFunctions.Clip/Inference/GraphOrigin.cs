namespace ClipFunctions.Clip.Inference;

/// <summary>Where the graph of a loaded tower came from.</summary>
public enum GraphOrigin
{
    /// <summary>The bundle; ONNX Runtime optimised it while loading.</summary>
    Bundle,

    /// <summary>The directory of optimised graphs, after it was optimised and put there in this load.</summary>
    OptimizedNow,

    /// <summary>The directory of optimised graphs, as an earlier load left it there.</summary>
    OptimizedBefore,
}
