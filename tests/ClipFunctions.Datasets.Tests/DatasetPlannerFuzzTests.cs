using System.Formats.Tar;
using ClipFunctions.Datasets.Plans;
using CsCheck;

namespace ClipFunctions.Datasets.Tests;

public class DatasetPlannerFuzzTests
{
    // What means something in one of the forms.
    private static readonly Gen<byte[]> Piece = Gen.Frequency(
        (3, Gen.Byte.Array[0, 8]),
        (2, Gen.OneOf("\"", ",", "\n", "\r\n", "{", "}", "\0", "7", "train", "../", "ustar\0", "\u001f\u008b").Select(System.Text.Encoding.Latin1.GetBytes)),
        (1, Gen.Int[0, 600].Select(length => new byte[length])));

    private static readonly MemoryFiles Whole = Sources();

    [Fact]
    public Task DamagedDataIsFaultsOrNoDataSet() =>
        Gen.Select(Gen.OneOf([.. Whole.Names]), Gen.Select(Gen.Double[0, 1], Gen.Frequency((4, Gen.Int[0, 40]), (1, Gen.Const(1 << 24))), Piece).Array[1, 4], Gen.Int[100, 5000]).SampleAsync(
            async (name, changes, piece) =>
            {
                byte[] content = Whole[name];
                foreach ((double place, int removed, byte[] put) in changes)
                {
                    int at = (int)(place * content.Length);
                    content = [.. content[..at], .. put, .. content[Math.Min(at + removed, content.Length)..]];
                }

                await CheckAsync(name, content, piece);
            },
            iter: 3000);

    [Fact]
    public async Task DataThatEndsEarlyIsFaultsOrNoDataSet()
    {
        foreach (string name in Whole.Names)
        {
            for (int end = 0; end < Whole[name].Length; end += 101)
            {
                await CheckAsync(name, Whole[name][..end], 5000);
            }
        }
    }

    [Fact]
    public Task AnyNamesMakeAPlanOrNone() =>
        Gen.Select(Gen.OneOf("train", "test", "val", "cat", "dog", "", "..", ".hidden", "a.tar", "1.jpg", "x.png", "labels.csv", "test_batch.bin", "classnames.txt", "ü", " ").Array[1, 4].Select(segments => string.Join('/', segments)).Array[0, 12], Gen.OneOf<DatasetFormat?>(null, DatasetFormat.Folder, DatasetFormat.Tar, DatasetFormat.Cifar, DatasetFormat.Manifest))
            .SampleAsync(
                async (names, format) =>
                {
                    MemoryFiles files = MemoryFiles.Named([.. names.Distinct(StringComparer.Ordinal)]);
                    await CheckAsync(files, format);
                },
                iter: 5000);

    private static async Task CheckAsync(string name, byte[] content, int piece)
    {
        MemoryFiles files = new() { PieceSize = piece };
        foreach (string other in (string[])["a.jpg", "sub/b.jpg", "batches.meta.txt"])
        {
            files[other] = Whole[other];
        }

        files[name] = content;
        foreach (DatasetFormat? format in (DatasetFormat?[])[null, DatasetFormat.Tar, DatasetFormat.Cifar, DatasetFormat.Manifest])
        {
            await CheckAsync(files, format);
        }
    }

    private static async Task CheckAsync(MemoryFiles files, DatasetFormat? format)
    {
        DatasetPlan plan;
        try
        {
            plan = await DatasetPlanner.PlanAsync(files, new DatasetOptions { Format = format, MaxListedFaults = 5 }, null, TestContext.Current.CancellationToken);
        }
        catch (InvalidDatasetException)
        {
            Assert.Equal(0, files.Open);
            return;
        }

        Assert.InRange(plan.Faults.Listed.Count, 0, 5);
        Assert.Equal(plan.Faults.Total, plan.Faults.Counts.Values.Sum());
        Assert.All(plan.Items, item => Assert.InRange(item.Label, 0, plan.Classes.Length - 1));

        // What is in a plan is there.
        Assert.All(await files.ReadAllAsync(plan.Items), read => Assert.Null(read.Failure));
        Assert.Equal(0, files.Open);
        using MemoryStream stream = new();
        await PlanFile.WriteAsync(plan, stream, TestContext.Current.CancellationToken);
        stream.Position = 0;
        Assert.Equal(plan.Items, (await PlanFile.ReadAsync(stream, "plan", TestContext.Current.CancellationToken)).Items);
    }

    private static MemoryFiles Sources()
    {
        MemoryFiles files = new();
        files["a.jpg"] = [1, 2, 3];
        files["sub/b.jpg"] = [4];
        files["list.csv"] = "path,label,split\na.jpg,cat,train\nsub/b.jpg,dog,train\n\"a.jpg\",cat,test\n"u8.ToArray();
        files["list.jsonl"] = "{\"path\":\"a.jpg\",\"label\":\"cat\"}\n{\"path\":\"sub/b.jpg\",\"label\":\"dog\",\"split\":\"test\"}\n"u8.ToArray();
        files["shard.tar"] = Tars.Of(("a.jpg", "A"), ("a.cls", "0"), ("b.jpg", "B"), ("b.json", "{\"label\": 1}"), (new string('ü', 90), "x"), ("c.png", new string('C', 700)), ("c.txt", "cat"));
        files["folders.tar"] = Tars.Of(TarEntryFormat.Gnu, ("set/train/cat/1.jpg", [1]), ("set/train/dog/1.jpg", [2]), ("set/test/cat/" + new string('n', 120) + ".jpg", new byte[300]));
        files["zipped.tgz"] = MemoryFiles.Gzip(files["shard.tar"]);
        files["batches.meta.txt"] = "a\nb\nc\n"u8.ToArray();
        files["data_batch_1.bin"] = [0, .. new byte[3072], 1, .. new byte[3072]];
        files["cifar.tar"] = Tars.Of(TarEntryFormat.Ustar, ("c/test_batch.bin", files["data_batch_1.bin"]), ("c/batches.meta.txt", files["batches.meta.txt"]));
        files["plain.tar.gz"] = MemoryFiles.Gzip(files["cifar.tar"]);
        return files;
    }
}
