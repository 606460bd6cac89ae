using System.Text;
using ClipFunctions.Datasets.Formats;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Tests.Formats;

public class ManifestFormTests
{
    [Fact]
    public async Task ACsvNamesPathLabelAndSplit()
    {
        MemoryFiles files = MemoryFiles.Of(
            ("list.csv", "split,Path,caption,label\r\ntrain,a.jpg,\"one, two\",cat\r\ntrain,sub/b.bin,\"a \"\"quoted\"\"\nlong one\",dog\r\n\r\nval,./sub/../c.jpg,,\" cat \"\r\ntest,d.jpg,,dog"),
            ("a.jpg", "A"), ("sub/b.bin", "B"), ("c.jpg", "C"), ("d.jpg", "D"), ("not-named.jpg", "E"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(DatasetFormat.Manifest, plan.Format);
        Assert.Equal(["Train cat a.jpg", "Train dog sub/b.bin", "Validation cat c.jpg", "Test dog d.jpg"], plan.Lines());
        Assert.Equal(0, plan.Faults.Total);
    }

    [Fact]
    public async Task JsonLinesDoTheSame()
    {
        MemoryFiles files = MemoryFiles.Of(
            ("list.jsonl", "\uFEFF{\"path\": \"a.jpg\", \"label\": \"cat\", \"split\": \"train\"}\n\n{\"file_name\": \"b.jpg\", \"label\": 7, \"split\": \"train\", \"more\": [1]}\n{\"path\": \"c.jpg\", \"label\": \"cat\", \"split\": null}\n"),
            ("a.jpg", "A"), ("b.jpg", "B"), ("c.jpg", "C"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Train 7 b.jpg", "Train cat a.jpg", "Test cat c.jpg"], plan.Lines().Order(StringComparer.Ordinal).OrderBy(line => line[..5] == "Train" ? 0 : 1));
    }

    [Fact]
    public async Task WithoutAColumnTheFilesNameTellsTheSplit()
    {
        MemoryFiles files = MemoryFiles.Of(
            ("train.csv", "path,label\na.jpg,cat\nb.jpg,dog\n"), ("pets_val.csv", "path,label\nc.jpg,dog\n"), ("rest.csv", "path,label\nd.jpg,dog\n"),
            ("a.jpg", "A"), ("b.jpg", "B"), ("c.jpg", "C"), ("d.jpg", "D"));

        Assert.Equal(["Train cat a.jpg", "Train dog b.jpg", "Validation dog c.jpg", "Test dog d.jpg"], (await files.PlanAsync()).Lines());
    }

    [Fact]
    public async Task PathsAreRelativeToTheManifestThatWasNamed()
    {
        MemoryFiles files = MemoryFiles.Of(("list.csv", "path,label\npictures/a.jpg,cat\npictures/x/b.jpg,dog\n"), ("pictures/a.jpg", "A"), ("pictures/x/b.jpg", "B"), ("else/c.jpg", "C"));
        MemoryFiles named = files.WithEntry("list.csv");

        Assert.Equal(["Test cat pictures/a.jpg", "Test dog pictures/x/b.jpg"], (await named.PlanAsync()).Lines());
    }

    [Theory]
    [InlineData("a.csv", "b/c.jpg", "b/c.jpg")]
    [InlineData("x/a.csv", "b.jpg", "x/b.jpg")]
    [InlineData("x/a.csv", "../b.jpg", "b.jpg")]
    [InlineData("x/a.csv", "./y/.././b.jpg", "x/b.jpg")]
    [InlineData("x/a.csv", "../../b.jpg", null)]
    [InlineData("a.csv", "../b.jpg", null)]
    [InlineData("a.csv", "/etc/passwd", null)]
    [InlineData("a.csv", "", null)]
    [InlineData("a.csv", ".", null)]
    [InlineData("a.csv", "b/", null)]
    public void PathsStayWithinTheDataSet(string manifest, string path, string? expected) => Assert.Equal(expected, ManifestForm.Resolve(manifest, path));

    [Fact]
    public async Task WhatIsNoItemIsCountedAndListedWithItsLine()
    {
        string[] lines =
        [
            "path,label,split", "a.jpg,cat,train", "b.jpg,dog,train", "c.jpg,dog", "a.jpg,dog,test", "d.jpg,dog,test", "../e.jpg,dog,test", "f.jpg,,test",
            "f.jpg,dog,holdout", "f.jpg,bird,test", "g.jpg,dog,test", "\"never closed,dog,test", "h.jpg,dog,test", "x\"y,dog,test", "\"x\"y,dog,test", "i.jpg,dog,test\0",
        ];
        MemoryFiles files = MemoryFiles.Of(("list.csv", string.Join('\n', lines)), ("a.jpg", "A"), ("b.jpg", "B"), ("f.jpg", "F"), ("g.jpg", ""), ("h.jpg", "H"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Train cat a.jpg", "Train dog b.jpg", "Test dog h.jpg"], plan.Lines());
        Assert.Equal(
            [
                "ClassNotInTrain f.jpg", "Empty list.csv:11", "BrokenLine list.csv:12", "BrokenLine list.csv:14", "BrokenLine list.csv:15", "UnknownSplit list.csv:16",
                "BrokenLine list.csv:4", "Duplicate list.csv:5", "Missing list.csv:6", "Outside list.csv:7", "EmptyLabel list.csv:8", "UnknownSplit list.csv:9",
            ],
            plan.FaultLines());
    }

    [Fact]
    public async Task BrokenJsonLinesAreListed()
    {
        MemoryFiles files = MemoryFiles.Of(
            ("list.jsonl", "{\"path\":\"a.jpg\",\"label\":\"cat\"}\n{\"path\":\"b.jpg\",\"label\":\"dog\"}\n[]\n{\"path\":\n{\"label\":\"cat\"}\n{\"path\":\"\\ud800\",\"label\":\"cat\"}\n{\"path\":\"c.jpg\",\"label\":true}\n{\"path\":\"c.jpg\",\"label\":\"cat\",\"split\":3}\n"),
            ("a.jpg", "A"), ("b.jpg", "B"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(
            ["BrokenLine list.jsonl:3", "BrokenLine list.jsonl:4", "BrokenLine list.jsonl:5", "BrokenLine list.jsonl:6", "EmptyLabel list.jsonl:7", "UnknownSplit list.jsonl:8"],
            plan.FaultLines());
    }

    [Fact]
    public async Task LinesThatAreTooLongOrNoTextCostOnlyThemselves()
    {
        MemoryFiles files = MemoryFiles.Of(("a.jpg", "A"), ("b.jpg", "B"));
        files["list.csv"] = [.. "path,label\na.jpg,cat\n"u8, .. Encoding.UTF8.GetBytes(new string('x', 200_000)), .. "\n\xFF,dog\nb.jpg,dog\n"u8.ToArray(), 0xFF, .. ",dog\n"u8];

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Test cat a.jpg", "Test dog b.jpg"], plan.Lines());
        Assert.Equal(["BrokenLine list.csv:3", "Missing list.csv:4", "BrokenLine list.csv:6"], plan.FaultLines());
    }

    [Fact]
    public async Task OtherTablesAreNoManifests()
    {
        MemoryFiles files = MemoryFiles.Of(("sizes.csv", "name,width\na,1\n"), ("log.jsonl", "{\"step\": 1}\n"), ("empty.csv", ""), ("cat/a.jpg", "A"), ("dog/b.jpg", "B"));

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(DatasetFormat.Folder, plan.Format);
        Assert.Equal(["UnknownExtension empty.csv", "UnknownExtension log.jsonl", "UnknownExtension sizes.csv"], plan.FaultLines());
        Assert.Contains("does not begin with a header", await files.FailureAsync(DatasetFormat.Manifest), StringComparison.Ordinal);
    }
}
