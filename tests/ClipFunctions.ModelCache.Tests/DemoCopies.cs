using ClipFunctions.Clip.Bundles;
using ClipFunctions.Testing;

namespace ClipFunctions.ModelCaching.Tests;

/// <summary>A temporary directory of bundles: copies of the shipped one under ids of their own.</summary>
internal sealed class DemoCopies : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("clip-models");

    public DemoCopies(int count) => Ids = [.. Enumerable.Range(0, count).Select(i => Add($"demo-{(char)('a' + i)}"))];

    public string Root => _root.FullName;

    public IReadOnlyList<string> Ids { get; }

    public string FolderOf(string id) => Path.Combine(Root, id);

    /// <summary>Adds a copy whose manifest is changed.</summary>
    public string Add(string id, Func<BundleManifest, BundleManifest>? change = null)
    {
        DirectoryInfo folder = _root.CreateSubdirectory(id);
        foreach (string file in Directory.GetFiles(RepositoryPaths.DemoBundle))
        {
            File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
        }

        string manifest = Path.Combine(folder.FullName, BundleManifest.FileName);
        BundleManifest renamed = BundleManifest.Load(manifest) with { Id = id };
        (change is null ? renamed : change(renamed)).Save(manifest);
        return id;
    }

    public void Dispose() => _root.Delete(recursive: true);
}
