namespace ClipFunctions.Pipeline.Uploads;

/// <summary>Which uploads are gone over, and how.</summary>
public sealed record RetagOptions
{
    /// <summary>What their paths begin with. Default: all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Whether those are computed anew too whose record is already of this model and label set. Default false.</summary>
    public bool Force { get; init; }

    /// <summary>Whether only is told what there would be to do. Default false.</summary>
    public bool DryRun { get; init; }

    /// <summary>Uploads at a time, 1–1024. Default 32: enough to fill the batches.</summary>
    public int Parallelism { get; init; } = 32;
}
