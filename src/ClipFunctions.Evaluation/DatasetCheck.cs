using System.Globalization;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Evaluation;

/// <summary>Whether a data set can be measured on.</summary>
public static class DatasetCheck
{
    /// <summary>Whether a data set can be measured on.</summary>
    /// <exception cref="InvalidEvaluationException">It lacks a test split, a class in train, or a class is empty.</exception>
    public static void Check(DatasetPlan plan, EvaluationKind kind)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Counts.Total(DatasetSplit.Test) == 0)
        {
            throw new InvalidEvaluationException("InvalidDataset", $"Data set {plan.Origin}: there is no test split to measure on.");
        }

        if (plan.Faults.Count(DatasetFaultReason.ClassNotInTrain) is > 0 and long lacking && kind == EvaluationKind.LinearProbe)
        {
            DatasetFault? example = plan.Faults.Listed.FirstOrDefault(fault => fault.Reason == DatasetFaultReason.ClassNotInTrain);
            throw new InvalidEvaluationException(
                "ClassNotInTrain",
                string.Create(CultureInfo.InvariantCulture, $"Data set {plan.Origin}: {lacking} pictures are of classes that train lacks{(example is null ? "" : $", such as '{example.Name}'")}."));
        }

        for (int label = 0; label < plan.Classes.Length; label++)
        {
            bool isEmpty = kind == EvaluationKind.LinearProbe ? plan.Counts.Train[label] == 0 : plan.Counts.Test[label] == 0;
            if (isEmpty)
            {
                string split = kind == EvaluationKind.LinearProbe ? "train" : "test";
                throw new InvalidEvaluationException("EmptyClass", $"Data set {plan.Origin}: class '{plan.Classes[label]}' has no picture in {split}.");
            }
        }
    }
}
