using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Pipeline.Labels;

/// <summary>What turns a picture's vector into labels. Usable from any thread.</summary>
public abstract class TaggingHead
{
    /// <summary>Its name, for people.</summary>
    public abstract string Name { get; }

    /// <summary>Hash of all that its answers depend on but the model: part of the key of the work on an upload.</summary>
    public abstract string Id { get; }

    /// <summary>The labels to choose from, in the order of their indexes.</summary>
    public abstract IReadOnlyList<string> Labels { get; }

    /// <summary>The best labels of a picture, best first.</summary>
    /// <param name="model">The model that made the vector.</param>
    /// <param name="vector"><c>[dimension]</c>, not normalised.</param>
    /// <param name="count">How many labels at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public abstract Task<IReadOnlyList<LabelScore>> ScoreAsync(ClipModel model, ReadOnlyMemory<float> vector, int count, CancellationToken cancellationToken);

    /// <summary>Computes beforehand what all pictures need.</summary>
    internal virtual Task PrepareAsync(ClipModel model, CancellationToken cancellationToken) => Task.CompletedTask;
}
