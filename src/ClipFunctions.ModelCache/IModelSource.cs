using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.ModelCaching;

/// <summary>A place where model bundles may be found.</summary>
public interface IModelSource
{
    /// <summary>What the place is called in logs and errors.</summary>
    string Name { get; }

    /// <summary>The ids of the models that it holds.</summary>
    Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The bundle of a model; null if the place does not hold it.</summary>
    /// <exception cref="InvalidBundleException">It holds one that is broken.</exception>
    Task<ModelBundle?> FindAsync(string modelId, CancellationToken cancellationToken);
}
