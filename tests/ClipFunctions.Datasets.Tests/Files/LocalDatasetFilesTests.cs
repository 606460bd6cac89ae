using ClipFunctions.Checkpoints.Tests;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Datasets.Reading;
using ClipFunctions.Testing;

namespace ClipFunctions.Datasets.Tests.Files;

public sealed class LocalDatasetFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AFolderIsPlannedAndRead()
    {
        TestDatasets.WriteFolder(_folder["pets"], ["cat", "dog", "blue"], 4, 2, 32);
        LocalDatasetFiles files = LocalDatasetFiles.Open(_folder["pets"] + "/");

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["blue", "cat", "dog"], plan.Classes);
        Assert.Equal((12, 6), (plan.Counts.Total(DatasetSplit.Train), plan.Counts.Total(DatasetSplit.Test)));
        List<(byte[]? Bytes, DatasetReadReason?)> read = await files.ReadAllAsync(plan.Items);
        Assert.Equal(plan.Items.Select(item => File.ReadAllBytes(Path.Combine(_folder["pets"], item.Name))), read.Select(picture => picture.Bytes));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public async Task CifarsArchiveAndFilesGiveTheSamePictures(int kind)
    {
        Directory.CreateDirectory(_folder["files"]);
        string[] classes = ["bus", "bird", "cat", "ship"];
        classes = [.. classes.Intersect(TestDatasets.CifarClasses(kind)), "frog", "bee", "tank"];
        classes = [.. classes.Intersect(TestDatasets.CifarClasses(kind))];
        await File.WriteAllBytesAsync(_folder["cifar.tar.gz"], TestDatasets.CifarArchive(kind, classes, 5, 3), Token);
        foreach ((string name, byte[] content) in TestDatasets.CifarFiles(kind, classes, 5, 3))
        {
            await File.WriteAllBytesAsync(Path.Combine(_folder["files"], name), content, Token);
        }

        LocalDatasetFiles archive = LocalDatasetFiles.Open(_folder["cifar.tar.gz"]);
        LocalDatasetFiles files = LocalDatasetFiles.Open(_folder["files"]);
        DatasetPlan one = await archive.PlanAsync();
        DatasetPlan other = await files.PlanAsync();

        Assert.Equal(TestDatasets.CifarClasses(kind), one.Classes);
        Assert.Equal(5 * classes.Length, one.Counts.Total(DatasetSplit.Train));
        Assert.Equal(await PicturesAsync(archive, one), await PicturesAsync(files, other));
    }

    [Fact]
    public async Task AnArchiveOrManifestIsNamedByItself()
    {
        await File.WriteAllBytesAsync(_folder["a.tar"], Tars.Of(("cat/1.jpg", "A"), ("dog/1.jpg", "B")), Token);
        await File.WriteAllTextAsync(_folder["list.csv"], "path,label\nx/1.jpg,cat\nx/2.jpg,dog\n", Token);
        Directory.CreateDirectory(_folder["x"]);
        await File.WriteAllTextAsync(_folder["x/1.jpg"], "A", Token);
        await File.WriteAllTextAsync(_folder["x/2.jpg"], "B", Token);
        await File.WriteAllTextAsync(_folder["notes.md"], "#", Token);

        Assert.Equal(["Test cat a.tar/cat/1.jpg", "Test dog a.tar/dog/1.jpg"], (await LocalDatasetFiles.Open(_folder["a.tar"]).PlanAsync()).Lines());
        Assert.Equal(["Test cat x/1.jpg", "Test dog x/2.jpg"], (await LocalDatasetFiles.Open(_folder["list.csv"]).PlanAsync()).Lines());
        Assert.Contains("a data set is a folder, an archive", await LocalDatasetFiles.Open(_folder["notes.md"]).FailureAsync(), StringComparison.Ordinal);
        Assert.Contains("cannot be taken as 'Folder'", await LocalDatasetFiles.Open(_folder["a.tar"]).FailureAsync(DatasetFormat.Folder), StringComparison.Ordinal);
        Assert.Contains("it is a manifest", await LocalDatasetFiles.Open(_folder["list.csv"]).FailureAsync(DatasetFormat.Cifar), StringComparison.Ordinal);
        Assert.Throws<InvalidDatasetException>(() => LocalDatasetFiles.Open(_folder["none"]));
    }

    [Fact]
    public async Task AFileThatChangesFailsAsSuch()
    {
        foreach (string name in (string[])["cat/1.jpg", "cat/2.jpg", "cat/3.jpg", "dog/1.jpg"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
            await File.WriteAllTextAsync(_folder[name], "picture", Token);
        }

        LocalDatasetFiles files = LocalDatasetFiles.Open(_folder.Path);
        DatasetPlan plan = await files.PlanAsync();
        await File.WriteAllTextAsync(_folder["cat/1.jpg"], "longer picture", Token);
        File.SetLastWriteTimeUtc(_folder["cat/2.jpg"], DateTime.UtcNow.AddMinutes(-5));
        File.Delete(_folder["cat/3.jpg"]);

        List<(byte[]?, DatasetReadReason? Failure)> read = await files.ReadAllAsync(plan.Items);

        Assert.Equal([DatasetReadReason.Changed, DatasetReadReason.Changed, DatasetReadReason.Changed, null], read.Select(picture => picture.Failure));
        Assert.NotEqual(plan.Id, (await files.PlanAsync()).Id);
    }

    [Fact]
    public async Task LinksAreFollowedButNotForEver()
    {
        Directory.CreateDirectory(_folder["store/cat"]);
        Directory.CreateDirectory(_folder["set"]);
        await File.WriteAllTextAsync(_folder["store/cat/1.jpg"], "cat", Token);
        Directory.CreateSymbolicLink(_folder["set/cat"], _folder["store/cat"]);
        Directory.CreateSymbolicLink(_folder["store/cat/again"], _folder["set"]);
        Directory.CreateDirectory(_folder["set/dog"]);
        File.CreateSymbolicLink(_folder["set/dog/2.jpg"], _folder["store/cat/1.jpg"]);
        File.CreateSymbolicLink(_folder["set/dog/3.jpg"], _folder["nowhere"]);
        LocalDatasetFiles files = LocalDatasetFiles.Open(_folder["set"]);

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Test cat cat/1.jpg", "Test dog dog/2.jpg"], plan.Lines());
        Assert.All(await files.ReadAllAsync(plan.Items), picture => Assert.Equal("cat"u8.ToArray(), picture.Bytes));
    }

    [Fact]
    public async Task NamesDoNotLeadOutOfTheFolder()
    {
        Directory.CreateDirectory(_folder["set"]);
        await File.WriteAllTextAsync(_folder["secret.jpg"], "secret", Token);
        await File.WriteAllTextAsync(_folder["set/1.jpg"], "open", Token);
        LocalDatasetFiles outer = LocalDatasetFiles.Open(_folder.Path);
        DatasetFile secret = (await ListAsync(outer, "secret")).Single();

        await Assert.ThrowsAsync<DatasetFileChangedException>(() => LocalDatasetFiles.Open(_folder["set"]).OpenAsync(secret with { Name = "../secret.jpg" }, 0, null, Token));
        await Assert.ThrowsAsync<DatasetFileChangedException>(() => LocalDatasetFiles.Open(_folder["set"]).OpenAsync(secret with { Name = _folder["secret.jpg"] }, 0, null, Token));
        Assert.Empty(await ListAsync(LocalDatasetFiles.Open(_folder["set"]), "../"));
    }

    [Fact]
    public async Task ListingsKeepToThePrefix()
    {
        foreach (string name in (string[])["ab/1.jpg", "ab/cd/2.jpg", "abc.txt", "b.txt"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
            await File.WriteAllTextAsync(_folder[name], "x", Token);
        }

        LocalDatasetFiles files = LocalDatasetFiles.Open(_folder.Path);

        Assert.Equal(["ab/1.jpg", "ab/cd/2.jpg", "abc.txt", "b.txt"], await NamesAsync(""));
        Assert.Equal(["ab/1.jpg", "ab/cd/2.jpg", "abc.txt"], await NamesAsync("a"));
        Assert.Equal(["ab/1.jpg", "ab/cd/2.jpg"], await NamesAsync("ab/"));
        Assert.Equal(["ab/cd/2.jpg"], await NamesAsync("ab/c"));
        Assert.Empty(await NamesAsync("none/"));

        async Task<IEnumerable<string>> NamesAsync(string prefix) => (await ListAsync(files, prefix)).Select(file => file.Name).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task PartsLieWithinTheFile()
    {
        await File.WriteAllTextAsync(_folder["a.jpg"], "0123456789", Token);
        LocalDatasetFiles files = LocalDatasetFiles.Open(_folder.Path);
        DatasetFile file = (await ListAsync(files, "")).Single();

        await using (Stream part = await files.OpenAsync(file, 3, 4, Token))
        using (StreamReader reader = new(part))
        {
            Assert.Equal("3456", await reader.ReadToEndAsync(Token));
        }

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => files.OpenAsync(file, 7, 4, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => files.OpenAsync(file, 11, null, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => files.OpenAsync(file, -1, 1, Token));
    }

    private static async Task<List<DatasetFile>> ListAsync(LocalDatasetFiles files, string prefix)
    {
        List<DatasetFile> listed = [];
        await foreach (DatasetFile file in files.ListAsync(prefix, Token))
        {
            listed.Add(file);
        }

        return listed;
    }

    /// <summary>The pictures by split and label, as text in an order of their own.</summary>
    private static async Task<IEnumerable<string>> PicturesAsync(LocalDatasetFiles files, DatasetPlan plan) =>
        (await files.ReadAllAsync(plan.Items))
            .Select((picture, i) => $"{plan.Items[i].Split} {plan.Items[i].Label} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(picture.Bytes!))}")
            .Order(StringComparer.Ordinal);
}
