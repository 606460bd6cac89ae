using System.Text.RegularExpressions;
using System.Xml.Linq;
using ClipFunctions.Testing;

namespace ClipFunctions.Infra.Tests.Supply;

/// <summary>What a restore takes is pinned by version and by content.</summary>
public sealed partial class LockFileTests
{
    private static readonly string[] Images = ["packages.gpu.linux-x64.lock.json", "packages.linux-x64.lock.json"];

    /// <summary>The projects that images are built from, with all that they refer to.</summary>
    private static readonly string[] Published = ["ClipFunctions", "ClipFunctions.LocalHost", "ClipFunctions.Cli"];

    [Fact]
    public void EveryProjectHasALockFileThatKnowsAllOfItsReferences()
    {
        string[] projects = [.. Projects()];
        Assert.True(projects.Length > 20);
        Assert.All(projects, project =>
        {
            PackageLock file = Assert.Single(PackageLock.Of(Path.GetDirectoryName(project)!), file => Path.GetFileName(file.Path) == "packages.lock.json");
            HashSet<string> locked = [.. file.Packages.Select(package => package.Name)];
            IEnumerable<string> references = XDocument.Load(project).Descendants("PackageReference")
                .Where(reference => (string?)reference.Attribute("Condition") != "'$(AzurePackages)' == 'true'")
                .Select(reference => (string)reference.Attribute("Include")!);
            Assert.All(references, name => Assert.Contains(name, locked, StringComparer.OrdinalIgnoreCase));
        });
    }

    [Fact]
    public void WhatImagesAreBuiltFromIsLockedForTheirPlatformAndBothFlavours()
    {
        foreach (string name in Published)
        {
            IReadOnlyList<PackageLock> files = PackageLock.Of(Path.Combine(RepositoryPaths.Root, "src", name));
            Assert.Equal([.. Images, "packages.lock.json"], files.Select(file => Path.GetFileName(file.Path)));
            Assert.Contains(files[0].Packages, package => package.Name == "Microsoft.ML.OnnxRuntime.Gpu");
            Assert.DoesNotContain(files[1].Packages.Concat(files[2].Packages), package => package.Name.StartsWith("Microsoft.ML.OnnxRuntime.Gpu", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void EveryLockedPackageHasTheHashOfItsContent()
    {
        LockedPackage[] packages = [.. Projects().SelectMany(project => PackageLock.Of(Path.GetDirectoryName(project)!)).SelectMany(file => file.Packages)];
        Assert.All(packages, package => Assert.Equal(64, Convert.FromBase64String(package.ContentHash ?? "").Length));

        // One version has one content, whoever refers to it.
        Assert.All(packages.GroupBy(package => (package.Name, package.Version)), same => Assert.Single(same.Select(package => package.ContentHash).Distinct()));
    }

    [Fact]
    public void ImagesAndTheWorkflowRestoreOnlyWhatIsLocked()
    {
        foreach (string file in Directory.GetFiles(Path.Combine(RepositoryPaths.Root, "infra", "images"), "*.Dockerfile"))
        {
            string text = File.ReadAllText(file);
            Assert.Equal(Publishes().Count(text), LockedPublishes().Count(text));
            Assert.Matches(Publishes(), text);
        }

        string properties = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "Directory.Build.props"));
        Assert.Contains("<RestoreLockedMode Condition=\"'$(CI)' == 'true'", properties, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Projects() => ((string[])["src", "tests", "tools"])
        .SelectMany(folder => Directory.GetDirectories(Path.Combine(RepositoryPaths.Root, folder)))
        .SelectMany(folder => Directory.GetFiles(folder, "*.csproj"));

    [GeneratedRegex("dotnet publish")]
    private static partial Regex Publishes();

    [GeneratedRegex("dotnet publish [^&]*-r linux-x64 [^&]*-p:RestoreLockedMode=true")]
    private static partial Regex LockedPublishes();
}
