using System.Formats.Tar;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Datasets.Reading;

namespace ClipFunctions.Datasets.Tests.Formats;

public class CifarFormTests
{
    private static readonly string[] Names = ["airplane", "automobile", "bird"];

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Cifar10ReadsFromFilesAndArchives(bool archived, bool zipped)
    {
        (string, byte[])[] parts =
        [
            ("cifar-10-batches-bin/test_batch.bin", Records(10, [1], [2])),
            ("cifar-10-batches-bin/data_batch_2.bin", Records(10, [0])),
            ("cifar-10-batches-bin/data_batch_1.bin", Records(10, [2], [1], [1])),
            ("cifar-10-batches-bin/batches.meta.txt", System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Names) + "\n\n")),
            ("cifar-10-batches-bin/readme.html", "<html>"u8.ToArray()),
        ];
        MemoryFiles files = Files(parts, archived, zipped);
        string prefix = archived ? "cifar.tar.gz/" : "";

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(DatasetFormat.Cifar, plan.Format);
        Assert.Equal(Names, plan.Classes);
        IEnumerable<string> expected =
        [
            $"Test automobile {prefix}cifar-10-batches-bin/test_batch.bin#00000",
            $"Test bird {prefix}cifar-10-batches-bin/test_batch.bin#00001",
            $"Train airplane {prefix}cifar-10-batches-bin/data_batch_2.bin#00000",
            $"Train automobile {prefix}cifar-10-batches-bin/data_batch_1.bin#00001",
            $"Train automobile {prefix}cifar-10-batches-bin/data_batch_1.bin#00002",
            $"Train bird {prefix}cifar-10-batches-bin/data_batch_1.bin#00000",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), plan.Lines().Order(StringComparer.Ordinal));
        Assert.Equal([$"UnknownExtension {prefix}cifar-10-batches-bin/readme.html"], plan.FaultLines());
        List<(byte[]? Bytes, DatasetReadReason?)> read = await files.ReadAllAsync(plan.Items);
        for (int i = 0; i < read.Count; i++)
        {
            int index = int.Parse(plan.Items[i].Name[^1..], null);
            byte label = (byte)plan.Items[i].Label;
            Assert.Equal(Pixels(index, label), Planes(read[i].Bytes!));
        }
    }

    [Fact]
    public async Task Cifar100ReadsItsFineLabels()
    {
        MemoryFiles files = new() { Origin = "c" };
        files["cifar-100-binary/train.bin"] = Records(100, [7, 0], [3, 1]);
        files["cifar-100-binary/test.bin"] = Records(100, [0, 1]);
        files["cifar-100-binary/fine_label_names.txt"] = "apple\r\naquarium_fish\r\n"u8.ToArray();
        files["cifar-100-binary/coarse_label_names.txt"] = "aquatic_mammals\n"u8.ToArray();

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["apple", "aquarium_fish"], plan.Classes);
        Assert.Equal(
            [
                "Train apple cifar-100-binary/train.bin#00000",
                "Train aquarium_fish cifar-100-binary/train.bin#00001",
                "Test aquarium_fish cifar-100-binary/test.bin#00000",
            ],
            plan.Lines());
    }

    [Fact]
    public async Task BadRecordsAreCountedAndListed()
    {
        MemoryFiles files = new();
        files["data_batch_1.bin"] = [.. Records(10, [0], [99], [1]), 2, 5, 5];
        files["batches.meta.txt"] = "a\nb\n"u8.ToArray();

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["Train a data_batch_1.bin#00000", "Train b data_batch_1.bin#00002"], plan.Lines());
        Assert.Equal(["TruncatedArchive data_batch_1.bin", "BadLabel data_batch_1.bin#00001"], plan.FaultLines());
    }

    [Fact]
    public async Task WithoutNamesClassesAreNumbers()
    {
        MemoryFiles files = new();
        files["test_batch.bin"] = Records(10, [0], [9]);

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], plan.Classes);
        Assert.Equal(["Missing batches.meta.txt"], plan.FaultLines());
    }

    [Fact]
    public async Task BothCifarsAtOnceAreRefused()
    {
        MemoryFiles files = new();
        files["a/test_batch.bin"] = Records(10, [0], [9]);
        files["b/test.bin"] = Records(100, [0, 1]);

        Assert.Contains("both CIFAR-10 and CIFAR-100", await files.FailureAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherFolderTakenAsCifarIsRefused()
    {
        Assert.Contains("CIFAR's binary version", await MemoryFiles.Named("cat/1.jpg", "dog/1.jpg").FailureAsync(DatasetFormat.Cifar), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThePythonVersionIsToldApart()
    {
        MemoryFiles archive = new();
        archive["cifar-10-python.tar.gz"] = MemoryFiles.Gzip(Tars.Of(("cifar-10-batches-py/data_batch_1", "x"), ("cifar-10-batches-py/batches.meta", "x")));

        Assert.Contains("take the binary version", await archive.FailureAsync(), StringComparison.Ordinal);
        Assert.Contains("take the binary version", await MemoryFiles.Named("cifar-100-python/train", "cifar-100-python/meta").FailureAsync(), StringComparison.Ordinal);
    }

    private static MemoryFiles Files((string Name, byte[] Content)[] parts, bool archived, bool zipped)
    {
        MemoryFiles files = new();
        if (archived)
        {
            byte[] tar = Tars.Of(TarEntryFormat.Ustar, parts);
            files["cifar.tar.gz"] = zipped ? MemoryFiles.Gzip(tar) : tar;
        }
        else
        {
            foreach ((string name, byte[] content) in parts)
            {
                files[name] = content;
            }
        }

        return files;
    }

    /// <summary>Records with these labels, each with other pixels.</summary>
    private static byte[] Records(int kind, params byte[][] labels) =>
        [.. labels.SelectMany((label, index) => label.Concat(Pixels(index, kind == 10 ? label[0] : label[1])))];

    private static byte[] Pixels(int index, byte label)
    {
        byte[] pixels = new byte[3072];
        new Random((index * 1000) + label).NextBytes(pixels);
        return pixels;
    }

    /// <summary>The pixels of a 24-bit BMP as planes, read by its header.</summary>
    private static byte[] Planes(byte[] bmp)
    {
        Assert.Equal((byte)'B', bmp[0]);
        int start = BitConverter.ToInt32(bmp, 10);
        Assert.Equal((32, 32, 24), (BitConverter.ToInt32(bmp, 18), BitConverter.ToInt32(bmp, 22), BitConverter.ToInt16(bmp, 28)));
        byte[] planes = new byte[3072];
        for (int i = 0; i < 1024; i++)
        {
            int at = start + (((31 - (i / 32)) * 32) + (i % 32)) * 3;
            (planes[i], planes[1024 + i], planes[2048 + i]) = (bmp[at + 2], bmp[at + 1], bmp[at]);
        }

        return planes;
    }
}
