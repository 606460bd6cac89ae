using ClipFunctions.Clip.Inference;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>x</summary>
public sealed class EvaluationFitter
{
    internal Task<double> FitAsync(EvaluationRun run, ClipModel model, IDatasetFiles files, CancellationToken cancellationToken) => throw new NotImplementedException();
}
