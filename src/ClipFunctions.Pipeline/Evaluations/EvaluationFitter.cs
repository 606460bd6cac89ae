using System.Globalization;
using System.Text.Json;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Datasets;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Evaluation;
using ClipFunctions.ModelCaching;
using ClipFunctions.Probe.Reports;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>The last step of a run: gathers the vectors, fits and measures, writes the report.</summary>
public sealed class EvaluationFitter(EvaluationStore store, Evaluator evaluator, IOptions<EvaluationOptions> options)
{
    /// <summary>The report for programs; written last, so that a run with it is complete.</summary>
    public const string ReportFile = "report.json";

    /// <summary>The report for people.</summary>
    public const string ReportPage = "report.html";

    /// <summary>The classifier.</summary>
    public const string ClassifierFile = "classifier.npz";

    private const int Readers = 4;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    private readonly EvaluationOptions _options = options.Value;

    /// <summary>Does the step.</summary>
    /// <returns>The report.</returns>
    internal async Task<EvaluationReport> FitAsync(EvaluationRun run, ClipModel model, IDatasetFiles files, CancellationToken cancellationToken)
    {
        EvaluationRequest request = run.Request;
        DatasetPlan plan = await ReadPlanAsync(run, cancellationToken);
        bool sweeps = request is { Kind: EvaluationKind.LinearProbe, C: null };
        using TemporaryFolder folder = new();
        using FeatureSet features = new(plan, run.Dimension, sweeps ? new SplitRule { Share = request.ValidationShare ?? new SplitRule().Share, Seed = request.Seed ?? 0 } : null);
        ExtractionTimes? times = await ReadFeaturesAsync(run, features, folder.Path, cancellationToken);

        EvaluationStatus? status = await store.StatusAsync(run.RunId, cancellationToken);
        await using ProgressWriter progress = new(run.RunId, store, ProgressInterval);
        EvaluationResult result = await evaluator.RunAsync(
            new EvaluationInput
            {
                RunId = run.RunId,
                Kind = request.Kind,
                Plan = plan,
                Files = files,
                Features = features,
                Model = model,
                C = request.C,
                Labels = run.Labels,
                Seed = request.Seed ?? 0,
                Examples = _options.Examples,
                MaxListedFaults = _options.MaxListedFaults,
                Command = CommandOf(run),
                Message = JsonSerializer.Serialize(request with { RunId = null }, EvaluationMessageJson.Default.EvaluationRequest),
                Started = status?.Created ?? run.Planned,
                Planning = run.PlanSeconds is { } planning ? TimeSpan.FromSeconds(planning) : null,
                Extracting = times?.Wall,
                ExtractingWork = times?.Work,
                Extracted = times?.Pictures,
            },
            progress,
            cancellationToken);

        if (result.Classifier is { } classifier)
        {
            await store.WriteFileAsync(run.RunId, ClassifierFile, new BinaryData(classifier), "application/octet-stream", cancellationToken);
        }

        await store.WriteFileAsync(run.RunId, ReportPage, new BinaryData(ReportHtml.Write(result.Report)), "text/html; charset=utf-8", cancellationToken);
        await store.WriteFileAsync(run.RunId, ReportFile, new BinaryData(EvaluationReportJson.ToJson(result.Report)), "application/json", cancellationToken);
        return result.Report;
    }

    private async Task<DatasetPlan> ReadPlanAsync(EvaluationRun run, CancellationToken cancellationToken)
    {
        await using Stream stream = await store.OpenFileAsync(run.RunId, EvaluationStore.PlanFile, cancellationToken);
        try
        {
            DatasetPlan plan = await PlanFile.ReadAsync(stream, $"{run.RunId}/{EvaluationStore.PlanFile}", cancellationToken);
            return plan.Id == run.DatasetId
                ? plan
                : throw new InvalidEvaluationException("DatasetChanged", "The data set changed while the run was planned. Start another run.");
        }
        catch (InvalidDatasetException exception)
        {
            throw new InvalidEvaluationException("InvalidDataset", exception.Message, exception);
        }
    }

    /// <summary>The vectors are mapped, not loaded: of a large data set they are more than memory holds.</summary>
    private async Task<ExtractionTimes?> ReadFeaturesAsync(EvaluationRun run, FeatureSet features, string folder, CancellationToken cancellationToken)
    {
        List<ShardFaults> all = new(run.Shards.Count);
        foreach (DatasetShard[] shards in run.Shards.Chunk(Readers))
        {
            string[] files = [.. shards.Select(shard => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{shard.Index}.npy")))];
            ShardFaults[] faults = await Task.WhenAll(shards.Select((shard, i) => store.DownloadShardAsync(run.Features, shard.Index, files[i], cancellationToken)));
            for (int i = 0; i < shards.Length; i++)
            {
                features.Add(shards[i], files[i], faults[i].Faults);
                all.Add(faults[i]);
            }
        }

        return ExtractionTimes.Of(run.RunId, all);
    }

    private static string CommandOf(EvaluationRun run)
    {
        EvaluationRequest request = run.Request;
        string model = $"{run.ModelId}:{ModelRequest.NameOf(run.Precision)}";
        string dataset = Quoted(request.Dataset!);
        if (request.Kind == EvaluationKind.LinearProbe)
        {
            string c = request.C is { } given ? string.Create(CultureInfo.InvariantCulture, $"--C {given:R}") : "--sweep";
            string share = request.ValidationShare is { } validation ? string.Create(CultureInfo.InvariantCulture, $" --validation-share {validation:R}") : "";
            return string.Create(CultureInfo.InvariantCulture, $"clip probe {dataset} --model {model} {c}{share} --seed {request.Seed ?? 0}");
        }

        string labels = request.LabelSet is { } set ? $" --label-set {Quoted(set)}" : "";
        string templates = string.Concat((request.Templates ?? []).Select(template => $" --template {Quoted(template)}"));
        return $"clip zeroshot {dataset} --model {model}{labels}{templates}";
    }

    private static string Quoted(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:@+".Contains(c, StringComparison.Ordinal)) ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
