using ClipFunctions.Datasets.Plans;
using ClipFunctions.Datasets.Reading;

namespace ClipFunctions.Datasets.Tests.Formats;

public class TarFormTests
{
    [Fact]
    public async Task ShardsHaveSplitsByNameAndNumbersInOrder()
    {
        MemoryFiles files = new();
        files["set-train-0001.tar"] = Tars.Of(("b.cls", "10"), ("b.jpg", "B"), ("a.jpg", "A"), ("a.cls", " 2\n"));
        files["set-train-0000.tar"] = Tars.Of(("a.png", "C"), ("a.cls", "9"));
        files["test/0.tar"] = Tars.Of(("x/a.webp", "D"), ("x/a.cls", "2"), ("x/a.json", "{\"label\": 5}"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(DatasetFormat.Tar, plan.Format);
        Assert.Equal(["2", "9", "10"], plan.Classes);
        Assert.Equal(
            ["Train 9 set-train-0000.tar/a.png", "Train 10 set-train-0001.tar/b.jpg", "Train 2 set-train-0001.tar/a.jpg", "Test 2 test/0.tar/x/a.webp"],
            plan.Lines());
        Assert.Equal(["C"u8.ToArray(), "B"u8.ToArray(), "A"u8.ToArray(), "D"u8.ToArray()], (await files.ReadAllAsync(plan.Items)).Select(read => read.Bytes));
        Assert.Equal(0, plan.Faults.Total);
    }

    [Fact]
    public async Task LabelsMayBeTextsOrInJson()
    {
        MemoryFiles files = new();
        files["0.tar"] = Tars.Of(
            ("a.jpg", "A"), ("a.txt", "tabby cat\n"),
            ("b.jpg", "B"), ("b.json", "{\"caption\": \"x\", \"label\": \"dog\"}"),
            ("c.jpg", "C"), ("c.json", "{\"label\": 7}"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["7", "dog", "tabby cat"], plan.Classes);
        Assert.Equal(["Test tabby cat 0.tar/a.jpg", "Test dog 0.tar/b.jpg", "Test 7 0.tar/c.jpg"], plan.Lines());
    }

    [Fact]
    public async Task AListOfNamesBesideShardsNamesTheirNumbers()
    {
        MemoryFiles files = new();
        files["classnames.txt"] = "tench\ngoldfish\nshark\nray\n"u8.ToArray();
        files["test/0.tar"] = Tars.Of(("a.jpg", "A"), ("a.cls", "3"), ("b.jpg", "B"), ("b.cls", "0"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["tench", "goldfish", "shark", "ray"], plan.Classes);
        Assert.Equal(["Test ray test/0.tar/a.jpg", "Test tench test/0.tar/b.jpg"], plan.Lines());
    }

    [Fact]
    public async Task AListThatLacksANumberIsNotTaken()
    {
        MemoryFiles files = new();
        files["classnames.txt"] = "tench\ngoldfish\n"u8.ToArray();
        files["test/0.tar"] = Tars.Of(("a.jpg", "A"), ("a.cls", "3"), ("b.jpg", "B"), ("b.cls", "0"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["0", "3"], plan.Classes);
        Assert.Equal(["BadLabel classnames.txt"], plan.FaultLines());
    }

    [Fact]
    public async Task TarsMayHoldFolders()
    {
        MemoryFiles files = new() { Entry = "pets.tar" };
        files["pets.tar"] = Tars.Of(("./pets/train/cat/1.jpg", "A"), ("./pets/train/dog/2.jpg", "B"), ("./pets/test/cat/3.v2.jpg", "C"), ("./pets/README", ""));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Train cat pets.tar/pets/train/cat/1.jpg", "Train dog pets.tar/pets/train/dog/2.jpg", "Test cat pets.tar/pets/test/cat/3.v2.jpg"], plan.Lines());
        Assert.Equal(["UnknownExtension pets.tar/pets/README"], plan.FaultLines());
    }

    [Fact]
    public async Task TarsOfFoldersHaveSplitsByNameToo()
    {
        MemoryFiles files = new();
        files["train.tar"] = Tars.Of(("cat/1.jpg", "A"), ("dog/2.jpg", "B"));
        files["val.tar"] = Tars.Of(("cat/1.jpg", "C"));
        files["more.tar"] = Tars.Of(("cat/9.jpg", "D"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Train cat train.tar/cat/1.jpg", "Train dog train.tar/dog/2.jpg", "Validation cat val.tar/cat/1.jpg"], plan.Lines());
        Assert.Equal(["UnknownSplit more.tar/cat/9.jpg"], plan.FaultLines());
    }

    [Theory]
    [InlineData("0.tar.gz")]
    [InlineData("0.tgz")]
    [InlineData("0.tar")]
    public async Task GzippedTarsAreToldByTheirContent(string name)
    {
        MemoryFiles files = new();
        files[name] = MemoryFiles.Gzip(Tars.Of(("a.jpg", "A"), ("a.cls", "0"), ("b.jpg", "BB"), ("b.cls", "1")));

        DatasetPlan plan = await files.PlanAsync();

        Assert.All(plan.Items, item => Assert.True(item.InGzip));
        Assert.Equal(["A"u8.ToArray(), "BB"u8.ToArray()], (await files.ReadAllAsync(plan.Items)).Select(read => read.Bytes));
    }

    [Fact]
    public async Task WhatIsNoItemIsCountedAndListed()
    {
        MemoryFiles files = new();
        files["train-0.tar"] = Tars.Of(
            ("a.jpg", "A"), ("a.cls", "0"), ("b.jpg", "B"), ("b.cls", "1"),
            ("a.png", "A2"), ("c.jpg", "C"), ("d.cls", "1"), ("e.jpg", ""), ("e.cls", "1"), ("f.jpg", "F"), ("f.cls", ""),
            ("g.jpg", "G"), ("g.json", "[1]"), ("h.seg.png", "H"), ("h.cls", "1"), ("i.npy", "I"));
        files["notes.md"] = "#"u8.ToArray();
        files["other.tar"] = Tars.Of(("a.jpg", "A"), ("a.cls", "0"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Train 0 train-0.tar/a.jpg", "Train 1 train-0.tar/b.jpg"], plan.Lines());
        Assert.Equal(
            [
                "UnknownExtension notes.md",
                "UnknownSplit other.tar/a.jpg",
                "Duplicate train-0.tar/a.png",
                "NoLabel train-0.tar/c.jpg",
                "Missing train-0.tar/d.cls",
                "Empty train-0.tar/e.jpg",
                "EmptyLabel train-0.tar/f.jpg",
                "BadLabel train-0.tar/g.jpg",
                "NoLabel train-0.tar/h.seg.png",
                "UnknownExtension train-0.tar/i.npy",
            ],
            plan.FaultLines());
    }

    [Fact]
    public async Task ATruncatedTarGivesWhatStandsBefore()
    {
        byte[] tar = Tars.Of(("a.cls", "0"), ("a.jpg", new string('A', 3000)), ("b.cls", "1"), ("b.jpg", new string('B', 3000)), ("c.cls", "1"), ("c.jpg", new string('C', 3000)));
        DatasetItem last = (await Files(tar).PlanAsync()).Items[^1];

        DatasetPlan plan = await Files(tar[..((int)last.Offset + 100)]).PlanAsync();

        Assert.Equal(["Test 0 0.tar/a.jpg", "Test 1 0.tar/b.jpg"], plan.Lines());
        Assert.Equal(["TruncatedArchive 0.tar", "Missing 0.tar/c.cls"], plan.FaultLines());

        static MemoryFiles Files(byte[] tar)
        {
            MemoryFiles files = new();
            files["0.tar"] = tar;
            return files;
        }
    }

    [Fact]
    public async Task ADamagedTarGivesWhatStandsBefore()
    {
        byte[] tar = Tars.Of(("a.cls", "0"), ("a.jpg", "A"), ("b.cls", "1"), ("b.jpg", "B"), ("c.cls", "1"), ("c.jpg", "C"));
        MemoryFiles whole = new() { Entry = "0.tar" };
        whole["0.tar"] = tar;
        DatasetItem last = (await whole.PlanAsync()).Items[^1];
        tar = [.. tar];
        tar[last.Offset - 512] ^= 1;
        MemoryFiles files = new() { Entry = "0.tar" };
        files["0.tar"] = tar;

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Test 0 0.tar/a.jpg", "Test 1 0.tar/b.jpg"], plan.Lines());
        Assert.Equal(["BrokenArchive 0.tar", "Missing 0.tar/c.cls"], plan.FaultLines());
    }

    [Fact]
    public async Task ADamagedGzipGivesWhatStandsBefore()
    {
        Random random = new(1);
        byte[] noise = new byte[200_000];
        random.NextBytes(noise);
        byte[] packed = MemoryFiles.Gzip(Tars.Of(System.Formats.Tar.TarEntryFormat.Ustar, ("cat/1.jpg", noise), ("dog/2.jpg", noise), ("dog/3.jpg", noise)));
        MemoryFiles files = new();
        files["0.tgz"] = packed[..(packed.Length - 100_000)];

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Test cat 0.tgz/cat/1.jpg", "Test dog 0.tgz/dog/2.jpg"], plan.Lines());
        Assert.Single(plan.FaultLines());
        Assert.All(await files.ReadAllAsync(plan.Items, new DatasetReaderOptions { MaxReadBytes = 1 }), read => Assert.Equal(noise, read.Bytes));
    }

    [Fact]
    public async Task PicturesBesideAnArchiveAreAFolder()
    {
        MemoryFiles files = MemoryFiles.Named("cat/1.jpg", "dog/1.jpg");
        files["backup.tar"] = Tars.Of(("a.jpg", "A"), ("a.cls", "0"), ("b.jpg", "B"), ("b.cls", "1"));

        Assert.Equal(DatasetFormat.Folder, (await files.PlanAsync()).Format);
        Assert.Equal(DatasetFormat.Tar, (await files.PlanAsync(DatasetFormat.Tar)).Format);
    }
}
