namespace ClipFunctions.LocalHost.Showcase;

/// <summary>Pictures to upload at start, and whether to stop when they are tagged.</summary>
public sealed record ShowcaseOptions
{
    /// <summary>The configuration section; <c>--Showcase:Folder=…</c> on the command line.</summary>
    public const string Section = "Showcase";

    /// <summary>The folder whose files are uploaded; none (the default): nothing is.</summary>
    public string? Folder { get; init; }

    /// <summary>Stop after the table: exit code 0 if every picture was tagged, else 1. Default false.</summary>
    public bool Once { get; init; }

    /// <summary>How long to wait for the last picture. Default 2 min.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);
}
