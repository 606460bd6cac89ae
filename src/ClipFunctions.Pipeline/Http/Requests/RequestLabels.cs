using System.Globalization;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Labels;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>The labels of requests: their own, or a label set of this host.</summary>
internal sealed class RequestLabels(LabelSetProvider labelSets, RequestTexts requestTexts, ZeroShotClassifier classifier, IOptions<ClipHttpOptions> options)
{
    private const string OwnName = "request";
    private const int DefaultTopK = 5;

    private readonly ClipHttpOptions _options = options.Value;

    /// <summary>The labels that a request asks about; the default set if it names none.</summary>
    /// <exception cref="RequestProblemException">It names a set that is not there, or both, or too many.</exception>
    /// <exception cref="InvalidLabelSetException">A label or template breaks a rule.</exception>
    public LabelSet Find(ClipModel model, IReadOnlyList<string>? labels, IReadOnlyList<string>? templates, string? name)
    {
        if (labels is { Count: > 0 })
        {
            return name is null
                ? Own(labels, templates is { Count: > 0 } ? templates : null)
                : throw RequestProblemException.BadRequest("InvalidField", "A field cannot be used", "Send either 'labels' or 'labelSet'.");
        }

        LabelSet? set = name is null
            ? labelSets.Default(model)
            : labelSets.All(model).FirstOrDefault(set => set.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (set is null)
        {
            string detail = name is null
                ? $"Model '{model.Manifest.Id}' has no label set of its own: send 'labels'."
                : $"There is no label set of that name. Those of this host: {string.Join(", ", labelSets.All(model).Select(known => known.Name))}.";
            throw new RequestProblemException(name is null ? 400 : 404, "LabelSetNotFound", "There is no such label set", detail);
        }

        return templates is { Count: > 0 } ? Own(set.Labels, templates) : set;
    }

    /// <summary>The best labels of pictures.</summary>
    /// <param name="model">The model.</param>
    /// <param name="vectors">The pictures' vectors.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="topK">How many; 5 if null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<IReadOnlyList<LabelScore>>> ClassifyAsync(ClipModel model, EmbeddingMatrix vectors, LabelSet labels, int? topK, CancellationToken cancellationToken)
    {
        try
        {
            return await classifier.ClassifyAsync(model, vectors, labels, CheckTopK(topK), cancellationToken);
        }
        catch (TextTooLongException exception)
        {
            throw new RequestProblemException(
                400,
                "TextTooLong",
                "A label is too long",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Label {exception.TextIndex / labels.Templates.Count} in template {exception.TextIndex % labels.Templates.Count} has {exception.TokenCount} tokens with start and end token; the context length is {exception.ContextLength}. Shorten one of them."),
                exception)
            {
                Limit = exception.ContextLength,
                Actual = exception.TokenCount,
            };
        }
    }

    /// <summary>How many labels are asked for.</summary>
    /// <exception cref="RequestProblemException">Fewer than one.</exception>
    public static int CheckTopK(int? topK) => topK is < 1
        ? throw RequestProblemException.BadRequest("InvalidField", "A field cannot be used", string.Create(CultureInfo.InvariantCulture, $"topK is {topK}; expected 1 or more."))
        : topK ?? DefaultTopK;

    private LabelSet Own(IReadOnlyList<string> labels, IReadOnlyList<string>? templates)
    {
        long prompts = (long)labels.Count * (templates?.Count ?? 1);
        if (prompts > _options.MaxPrompts)
        {
            throw RequestProblemException.OverLimit("TooManyPrompts", "prompts (labels × templates)", "Clip:Http:MaxPrompts", _options.MaxPrompts, prompts);
        }

        for (int i = 0; i < labels.Count; i++)
        {
            requestTexts.CheckLength(labels[i], $"Label {i}");
        }

        for (int i = 0; i < templates?.Count; i++)
        {
            requestTexts.CheckLength(templates[i], $"Template {i}");
        }

        return new LabelSet(OwnName, labels, templates);
    }
}
