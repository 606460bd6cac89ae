namespace ClipFunctions.Datasets.Formats;

/// <summary>What a member of a webdataset shard says of its key's class.</summary>
/// <param name="Rank">Which member counts where there are several: 0 <c>.cls</c>, 1 <c>.txt</c>, 2 <c>.json</c>.</param>
/// <param name="Text">The class; null if the member has none.</param>
/// <param name="IsNumber">Whether it is a number.</param>
internal readonly record struct TarLabel(int Rank, string? Text, bool IsNumber)
{
    /// <summary>The member's extension.</summary>
    public string Extension => Rank switch { 0 => ".cls", 1 => ".txt", _ => ".json" };
}
