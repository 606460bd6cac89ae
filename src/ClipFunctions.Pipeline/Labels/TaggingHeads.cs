using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Evaluations;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Labels;

/// <summary>The head that uploads are tagged with: the classifier that <see cref="ClipOptions.Head"/> names, else the label set.</summary>
public sealed class TaggingHeads(LabelSetProvider labelSets, ZeroShotClassifier classifier, EvaluationStore evaluations, IOptions<ClipOptions> options) : IDisposable
{
    private const string FileEnding = ".npz";

    private readonly string? _head = options.Value.Head is { Length: > 0 } head ? head : null;
    private readonly SemaphoreSlim _loading = new(1);
    private volatile TrainedHead? _trained;

    /// <summary>The head for a model. The classifier is read once.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidSettingException">There is no such classifier, it does not belong to the model, or there is neither classifier nor label set.</exception>
    public async ValueTask<TaggingHead> ForAsync(ClipModel model, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (_head is null)
        {
            return new ZeroShotHead(labelSets.For(model), classifier);
        }

        TrainedHead trained = _trained ?? await LoadAsync(_head, cancellationToken);
        trained.Check(model);
        return trained;
    }

    /// <inheritdoc/>
    public void Dispose() => _loading.Dispose();

    private async Task<TrainedHead> LoadAsync(string head, CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            return _trained ??= new TrainedHead(head, await ReadAsync(head, cancellationToken));
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingException("Clip:Head", $"Setting 'Clip:Head' is '{head}': {exception.Message}", exception);
        }
        finally
        {
            _loading.Release();
        }
    }

    private async Task<BinaryData> ReadAsync(string head, CancellationToken cancellationToken)
    {
        if (head.EndsWith(FileEnding, StringComparison.OrdinalIgnoreCase))
        {
            return new BinaryData(await File.ReadAllBytesAsync(head, cancellationToken));
        }

        return EvaluationRequestReader.IsRunId(head) && await evaluations.ReadFileAsync(head, EvaluationFitter.ClassifierFile, cancellationToken) is { } file
            ? file
            : throw new InvalidSettingException(
                "Clip:Head",
                $"Setting 'Clip:Head' is '{head}': there is no finished linear probe of that name. Give a run's id (its {EvaluationFitter.ClassifierFile} is taken) or a path that ends with {FileEnding}.");
    }
}
