namespace ClipFunctions.Testing.Hostile;

/// <summary>A file that somebody might upload to do harm.</summary>
/// <param name="Name">What it is.</param>
/// <param name="File">Its bytes.</param>
/// <param name="Outcome"><see cref="Decodes"/>, the reason that it must be refused with, or null: either, but nothing else.</param>
public sealed record HostilePicture(string Name, byte[] File, string? Outcome = null)
{
    /// <summary>The outcome of a file that is odd but sound.</summary>
    public const string Decodes = "Decodes";

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({File.Length} bytes)";
}
