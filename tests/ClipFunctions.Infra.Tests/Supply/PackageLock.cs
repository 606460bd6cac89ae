using System.Text.Json.Nodes;
using ClipFunctions.Testing;

namespace ClipFunctions.Infra.Tests.Supply;

/// <summary>A lock file of NuGet's: the packages that a project is built from.</summary>
internal sealed record PackageLock(string Path, IReadOnlyList<LockedPackage> Packages)
{
    /// <summary>The lock files of a project's folder.</summary>
    public static IReadOnlyList<PackageLock> Of(string folder) => [.. Directory.GetFiles(folder, "packages*.lock.json").Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>The folders of what is shipped.</summary>
    public static IReadOnlyList<string> Shipped { get; } = Directory.GetDirectories(System.IO.Path.Combine(RepositoryPaths.Root, "src"));

    private static PackageLock Read(string path)
    {
        JsonObject dependencies = JsonNode.Parse(File.ReadAllText(path))!["dependencies"]!.AsObject();
        return new PackageLock(
            path,
            [
                .. dependencies
                    .SelectMany(framework => framework.Value!.AsObject())
                    .Where(package => (string?)package.Value!["type"] != "Project")
                    .Select(package => new LockedPackage(package.Key, (string)package.Value!["resolved"]!, (string?)package.Value["contentHash"])),
            ]);
    }
}
