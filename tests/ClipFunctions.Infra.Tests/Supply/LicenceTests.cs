using System.Text.Json.Nodes;
using System.Xml.Linq;
using ClipFunctions.Testing;

namespace ClipFunctions.Infra.Tests.Supply;

/// <summary>The table of licences in THIRD-PARTY-NOTICES.md against the packages themselves.</summary>
public sealed class LicenceTests
{
    /// <summary>Licences under which a package may be shipped with code of the MIT licence, without further conditions than to keep their notices.</summary>
    private static readonly string[] Compatible = ["MIT", "Apache-2.0", "BSD-3-Clause"];

    /// <summary>Old packages that name their licence by an address alone; what stands there was read by a person.</summary>
    private static readonly Dictionary<string, string> Addresses = new(StringComparer.OrdinalIgnoreCase)
    {
        ["https://github.com/dotnet/corefx/blob/master/LICENSE.TXT"] = "MIT",
        ["https://go.microsoft.com/fwlink/?linkid=2028464"] = "MIT",
        ["https://github.com/Azure/azure-storage-net/blob/master/LICENSE.txt"] = "Apache-2.0",
    };

    /// <summary>Of the table, what no lock file knows: see <see cref="HostExtensions"/>.</summary>
    private static readonly string[] LoadedByTheHost =
    [
        "Microsoft.Azure.WebJobs.Extensions.Storage.Blobs", "Microsoft.Azure.WebJobs.Extensions.Storage.Queues", "Microsoft.Azure.WebJobs.Host.Storage", "Microsoft.Extensions.Diagnostics",
        "WindowsAzure.Storage",
    ];

    private static readonly (string Phrase, string Licence)[] Texts = [("MIT License", "MIT"), ("Apache License", "Apache-2.0")];

    [Fact]
    public void EveryShippedPackageIsListedWithACompatibleLicence()
    {
        Dictionary<string, string> listed = Listed();
        string[] shipped = [.. Shipped().Select(package => package.Name).Distinct(StringComparer.OrdinalIgnoreCase)];

        Assert.True(shipped.Length > 50, $"{shipped.Length} packages");
        Assert.All(shipped, name => Assert.True(listed.ContainsKey(name), $"THIRD-PARTY-NOTICES.md has no line for {name}."));
        Assert.All(listed, line => Assert.Contains(line.Value, Compatible));
    }

    [Fact]
    public void ThePackagesThemselvesSayWhatTheTableSays()
    {
        Dictionary<string, string> listed = Listed();
        LockedPackage[] here = [.. Shipped().Where(package => File.Exists(package.Nuspec))];

        // Those of other flavours need not have been fetched.
        Assert.True(here.Length > 40, $"{here.Length} packages in {LockedPackage.Cache}");
        Assert.All(here, package => Assert.Equal($"{package.Name} {listed.GetValueOrDefault(package.Name)}", $"{package.Name} {LicenceOf(package)}"));
    }

    [Fact]
    public void NothingIsListedThatIsNotShipped() => Assert.Equal(
        LoadedByTheHost.Order(StringComparer.Ordinal),
        Listed().Keys.Except(PackageLock.Shipped.SelectMany(PackageLock.Of).SelectMany(file => file.Packages).Select(package => package.Name), StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal));

    private static IEnumerable<LockedPackage> Shipped() => PackageLock.Shipped.SelectMany(PackageLock.Of).SelectMany(file => file.Packages).Concat(HostExtensions()).Distinct();

    /// <summary>What the Functions host loads beside the app: the worker's SDK restores it at build, by a project of its own.</summary>
    private static IEnumerable<LockedPackage> HostExtensions()
    {
        DirectoryInfo output = new(Path.Combine(RepositoryPaths.Root, "src", "ClipFunctions", "bin"));
        if (!output.Exists)
        {
            return [];
        }

        return output.EnumerateFiles("function.deps.json", SearchOption.AllDirectories).SelectMany(file =>
        {
            JsonObject libraries = JsonNode.Parse(File.ReadAllText(file.FullName))!["targets"]!.AsObject().First().Value!.AsObject();
            return libraries
                .Where(library => library.Value!["runtime"] is JsonObject runtime && runtime.Any(asset => asset.Key.StartsWith("lib/", StringComparison.Ordinal) && File.Exists(Path.Combine(file.DirectoryName!, Path.GetFileName(asset.Key)))))
                .Select(library => library.Key.Split('/'))
                .Select(parts => new LockedPackage(parts[0], parts[1], null));
        });
    }

    private static Dictionary<string, string> Listed()
    {
        string notices = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "THIRD-PARTY-NOTICES.md"));
        return notices[notices.IndexOf("## Packages", StringComparison.Ordinal)..]
            .Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Skip(2)
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[1], cells => cells[2], StringComparer.OrdinalIgnoreCase);
    }

    private static string LicenceOf(LockedPackage package)
    {
        XElement metadata = XDocument.Load(package.Nuspec).Root!.Elements().First(element => element.Name.LocalName == "metadata");
        XElement? Find(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name);
        if (Find("license") is not { } licence)
        {
            string address = Find("licenseUrl")?.Value ?? "none";
            return Addresses.GetValueOrDefault(address, address);
        }

        if ((string?)licence.Attribute("type") == "expression")
        {
            return licence.Value;
        }

        string text = File.ReadAllText(Path.Combine(package.Folder, licence.Value));
        return Texts.FirstOrDefault(known => text.Contains(known.Phrase, StringComparison.Ordinal)).Licence ?? licence.Value;
    }
}
