using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.ModelCaching;

/// <summary>A place where model bundles may be found, or be made.</summary>
public interface IModelSource
{
    /// <summary>What the place is called in logs and errors.</summary>
    string Name { get; }

    /// <summary>The models that it holds.</summary>
    Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The bundle of a model, verified; null if the place does not hold it in that precision.</summary>
    /// <param name="request">Which model.</param>
    /// <param name="progress">Told of downloads and conversions; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidBundleException">It holds one that is broken.</exception>
    Task<ModelBundle?> FindAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken);
}
