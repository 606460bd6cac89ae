namespace ClipFunctions.Probe.Sweeping;

/// <summary>What the best C maximises on the validation rows.</summary>
public enum SweepCriterion
{
    /// <summary>The share of rows that are right.</summary>
    Accuracy,

    /// <summary>The mean of the classes' recalls, for data sets whose classes are uneven.</summary>
    MeanPerClass,
}
