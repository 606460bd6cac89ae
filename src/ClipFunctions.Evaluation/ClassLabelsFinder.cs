using System.Globalization;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Evaluation;

/// <summary>Finds a label for each class of a data set.</summary>
public static class ClassLabelsFinder
{
    /// <summary>The label set of a run, its labels in the classes' order.</summary>
    /// <param name="classes">The classes.</param>
    /// <param name="labels">A label for each class, in their order; null for those of <paramref name="named"/>, or for the classes' names.</param>
    /// <param name="named">A label set: labels are found by the classes' names, or by number where classes are numbers; null for none.</param>
    /// <param name="templates">The sentences; null for those of <paramref name="named"/>, or <c>a photo of a {}.</c></param>
    /// <exception cref="InvalidEvaluationException">A class has no label, or the labels cannot be used.</exception>
    public static ClassLabels Of(IReadOnlyList<string> classes, IReadOnlyList<string>? labels, LabelSet? named, IReadOnlyList<string>? templates)
    {
        ArgumentNullException.ThrowIfNull(classes);
        (string name, IReadOnlyList<string> found) = (labels, named) switch
        {
            ({ } own, _) => ("request", own.Count == classes.Count
                ? own
                : throw Invalid(string.Create(CultureInfo.InvariantCulture, $"labels has {own.Count} entries and the data set {classes.Count} classes: each class needs one, in the classes' order."))),
            (null, { } set) => (set.Name, Match(classes, set)),
            _ => ("classes", [.. classes.Select(Spoken)]),
        };
        IReadOnlyList<string> sentences = templates is { Count: > 0 } ? templates : named?.Templates ?? [LabelSet.DefaultTemplate];
        try
        {
            _ = new LabelSet(name, found, sentences);
        }
        catch (InvalidLabelSetException exception)
        {
            throw new InvalidEvaluationException("InvalidLabels", exception.Message, exception);
        }

        return new ClassLabels(name, found, sentences);
    }

    /// <summary>Whether a model can read the prompts of a label set: better told before the pictures' vectors are made than after.</summary>
    /// <param name="labels">The label set.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="InvalidEvaluationException">A prompt has more tokens than the model's context, or the model has no vocabulary.</exception>
    public static void CheckPrompts(ClassLabels labels, ClipModel model)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(model);
        if (!model.HasTokenizer)
        {
            throw Invalid($"Model '{model.Manifest.Id}' has no vocabulary: it cannot read labels.");
        }

        LabelSet set = new(labels.Name, labels.Labels, labels.Templates);
        for (int template = 0; template < set.Templates.Count; template++)
        {
            string[] prompts = [.. Enumerable.Range(0, set.Labels.Count).Select(label => set.Prompt(template, label))];
            try
            {
                _ = model.Tokenizer.Tokenize(prompts, model.ContextLength);
            }
            catch (TextTooLongException exception)
            {
                string problem = $"Prompt '{prompts[exception.TextIndex]}' has {exception.TokenCount} tokens; model '{model.Manifest.Id}' reads {exception.ContextLength}. Shorten the template or the label.";
                throw new InvalidEvaluationException("InvalidLabels", problem, exception);
            }
        }
    }

    // By name where each class has a label of its name; by number where classes are numbers. Never by mere order: that would be wrong unseen.
    private static string[] Match(IReadOnlyList<string> classes, LabelSet set)
    {
        Dictionary<string, string> byName = new(StringComparer.Ordinal);
        foreach (string label in set.Labels)
        {
            byName.TryAdd(Plain(label), label);
        }

        string? missing = classes.FirstOrDefault(name => !byName.ContainsKey(Plain(name)));
        if (missing is null)
        {
            return [.. classes.Select(name => byName[Plain(name)])];
        }

        int[] numbers = [.. classes.Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1)];
        return numbers.All(number => number >= 0 && number < set.Labels.Count)
            ? [.. numbers.Select(number => set.Labels[number])]
            : throw Invalid($"Class '{missing}' is not among the labels of label set '{set.Name}'. Name another set, or send 'labels', one for each class.");
    }

    private static string Spoken(string name) => name.Replace('_', ' ').Trim();

    private static string Plain(string name) => Spoken(name).Replace('-', ' ').ToLowerInvariant();

    private static InvalidEvaluationException Invalid(string message) => new("InvalidLabels", message);
}
