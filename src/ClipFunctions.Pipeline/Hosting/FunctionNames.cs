namespace ClipFunctions.Pipeline.Hosting;

/// <summary>
/// The functions that are not asked for over HTTP, by name; those that are bear the names of <see cref="Http.Operations.ClipOperations"/>. A function is
/// left out with the setting <c>AzureWebJobs.{name}.Disabled</c>.
/// </summary>
public static class FunctionNames
{
    /// <summary>Tags an upload that Event Grid tells of.</summary>
    public const string TagUploadOnEvent = "TagUploadOnEvent";

    /// <summary>Tags an upload that a scan of the container finds.</summary>
    public const string TagUploadOnScan = "TagUploadOnScan";

    /// <summary>Plans a run.</summary>
    public const string PlanEvaluation = "PlanEvaluation";

    /// <summary>Turns a shard's pictures into vectors.</summary>
    public const string ExtractShard = "ExtractShard";

    /// <summary>Fits, measures and reports.</summary>
    public const string FitEvaluation = "FitEvaluation";

    /// <summary>Starts runs by the clock.</summary>
    public const string EvaluationSchedule = "EvaluationSchedule";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [TagUploadOnEvent, TagUploadOnScan, PlanEvaluation, ExtractShard, FitEvaluation, EvaluationSchedule];

    /// <summary>The setting that leaves a function out.</summary>
    public static string DisabledSetting(string function) => $"AzureWebJobs.{function}.Disabled";
}
