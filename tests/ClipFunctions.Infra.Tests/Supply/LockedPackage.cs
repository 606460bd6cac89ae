namespace ClipFunctions.Infra.Tests.Supply;

/// <summary>A package of a lock file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="ContentHash">The SHA-512 of its content, which a restore checks.</param>
internal sealed record LockedPackage(string Name, string Version, string? ContentHash)
{
    /// <summary>The folder of packages on this machine.</summary>
    public static string Cache { get; } = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
        ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Where it lies on this machine, if it does.</summary>
#pragma warning disable CA1308 // NuGet's own rule.
    public string Folder => Path.Combine(Cache, Name.ToLowerInvariant(), Version.ToLowerInvariant());

    /// <summary>Its description, if it lies on this machine.</summary>
    public string Nuspec => Path.Combine(Folder, Name.ToLowerInvariant() + ".nuspec");
#pragma warning restore CA1308
}
