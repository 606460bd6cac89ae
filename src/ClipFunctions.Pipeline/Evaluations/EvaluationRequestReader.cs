using System.Globalization;
using System.Text.Json;
using ClipFunctions.Datasets;
using ClipFunctions.Evaluation;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>Reads and checks what a run is asked to do.</summary>
public static class EvaluationRequestReader
{
    private const int MaxRunIdLength = 64;

    /// <summary>Reads a message.</summary>
    /// <exception cref="InvalidEvaluationException">It is no JSON, or asks for what cannot be done.</exception>
    public static EvaluationRequest Parse(BinaryData message)
    {
        ArgumentNullException.ThrowIfNull(message);
        EvaluationRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(message, EvaluationJson.Default.EvaluationRequest);
        }
        catch (JsonException exception)
        {
            throw new InvalidEvaluationException(
                "InvalidMessage",
                string.Create(CultureInfo.InvariantCulture, $"The message is no evaluation in JSON{(exception.Path is { Length: > 2 and < 100 } path ? $" (at {path})" : "")}: expected an object such as {{\"dataset\": \"pets\", \"model\": \"ViT-B/32\", \"kind\": \"linear-probe\"}}."),
                exception);
        }

        return Check(request ?? throw new InvalidEvaluationException("InvalidMessage", "The message is null."));
    }

    /// <summary>Checks a request.</summary>
    /// <exception cref="InvalidEvaluationException">It asks for what cannot be done.</exception>
    public static EvaluationRequest Check(EvaluationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.RunId is { } runId && !IsRunId(runId))
        {
            throw Invalid($"runId is none: 1 to {MaxRunIdLength} letters, digits, - and _ only.");
        }

        if (string.IsNullOrWhiteSpace(request.Dataset))
        {
            throw Invalid("dataset is missing: a folder, an archive or a manifest in the container of data sets.");
        }

        if (!BlobPath.IsValid(request.Dataset.TrimEnd('/'), out string? problem))
        {
            throw Invalid($"dataset cannot be used. {problem}");
        }

        if (request.Format is { } format && !Enum.TryParse<DatasetFormat>(format, ignoreCase: true, out _))
        {
            throw Invalid($"format is '{Shown(format)}'; expected {string.Join(", ", Enum.GetNames<DatasetFormat>()).ToLowerInvariant()}.");
        }

        if (request.Model is { } model)
        {
            try
            {
                _ = ModelRequest.Parse(model);
            }
            catch (FormatException exception)
            {
                throw new InvalidEvaluationException("InvalidMessage", $"model: {exception.Message}", exception);
            }
        }

        if (!Enum.IsDefined(request.Kind))
        {
            throw Invalid("kind is linear-probe or zero-shot.");
        }

        if (request.C is { } c && !(c > 0 && double.IsFinite(c)))
        {
            throw Invalid(string.Create(CultureInfo.InvariantCulture, $"C is {c}; expected a number above 0."));
        }

        if (request.C is not null && request.Sweep == true)
        {
            throw Invalid("C is given and searched for: leave out C or sweep.");
        }

        if (request.C is null && request.Sweep == false && request.Kind == EvaluationKind.LinearProbe)
        {
            throw Invalid("sweep is false and C is missing.");
        }

        if (request.ValidationShare is { } share && !(share > 0 && share < 1))
        {
            throw Invalid(string.Create(CultureInfo.InvariantCulture, $"validationShare is {share}; expected a number above 0 and below 1."));
        }

        if (request.LabelSet is not null && request.Labels is not null)
        {
            throw Invalid("labels and labelSet are both given: leave one out.");
        }

        return request.Kind == EvaluationKind.LinearProbe && (request.LabelSet ?? (object?)request.Labels ?? request.Templates) is not null
            ? throw Invalid("labels, labelSet and templates belong to kind zero-shot.")
            : request;
    }

    /// <summary>Whether a text can be a run's id.</summary>
    public static bool IsRunId(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is > 0 and <= MaxRunIdLength && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
    }

    private static InvalidEvaluationException Invalid(string message) => new("InvalidMessage", message);

    private static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";
}
