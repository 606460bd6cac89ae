using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.ModelCaching;

/// <summary>A place that keeps ready bundles for other machines.</summary>
public interface IBundleStore
{
    /// <summary>Puts a bundle there unless it is there already: whole or not at all, the manifest last.</summary>
    /// <param name="bundle">The bundle.</param>
    /// <param name="progress">Told of the bytes written; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task PushAsync(ModelBundle bundle, IProgress<ModelProgress>? progress, CancellationToken cancellationToken);
}
