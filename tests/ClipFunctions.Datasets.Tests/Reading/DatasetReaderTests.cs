using ClipFunctions.Datasets.Plans;
using ClipFunctions.Datasets.Reading;
using CsCheck;

namespace ClipFunctions.Datasets.Tests.Reading;

public class DatasetReaderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnyItemsInAnyOrderComeAsTheyAre(bool seekable)
    {
        (MemoryFiles files, DatasetPlan plan, Dictionary<string, byte[]> expected) = await MixedAsync(seekable);
        await Gen.Select(Gen.Int[0, 50].Array[0, 40], Gen.Int[1, 5], Gen.Int[1, 3000], Gen.Int[1, 4000]).SampleAsync(
            async (picks, parallelism, readBytes, budget) =>
            {
                DatasetItem[] items = [.. picks.Select(pick => plan.Items[pick % plan.Items.Count])];

                List<(byte[]? Bytes, DatasetReadReason? Failure)> read =
                    await files.ReadAllAsync(items, new DatasetReaderOptions { Parallelism = parallelism, MaxReadBytes = readBytes, MaxBufferedBytes = budget });

                Assert.Equal(items.Select(item => expected[item.Name]), read.Select(picture => picture.Bytes));
            },
            iter: 300);
        Assert.Equal(0, files.Open);
    }

    [Fact]
    public async Task NeighboursInAnArchiveAreReadTogether()
    {
        MemoryFiles files = new();
        files["0.tar"] = Tars.Of([.. Enumerable.Range(0, 200).Select(i => ($"{(i % 2 == 0 ? "cat" : "dog")}/{i:D3}.jpg", new string('x', 1000)))]);
        DatasetPlan plan = await files.PlanAsync();
        int before = files.Opened;

        await files.ReadAllAsync(plan.Items, new DatasetReaderOptions { MaxReadBytes = 50_000 });

        Assert.Equal(4, files.Opened - before);
    }

    [Fact]
    public async Task AGzippedArchiveIsDecompressedOnce()
    {
        MemoryFiles files = new();
        byte[] noise = new byte[2000];
        new Random(1).NextBytes(noise);
        byte[] tar = Tars.Of(System.Formats.Tar.TarEntryFormat.Ustar, [.. Enumerable.Range(0, 100).Select(i => ($"{(i % 2 == 0 ? "cat" : "dog")}/{i:D3}.jpg", noise))]);
        files["0.tgz"] = MemoryFiles.Gzip(tar);
        DatasetPlan plan = await files.PlanAsync();
        long before = files.BytesRead;

        List<(byte[]? Bytes, DatasetReadReason?)> read = await files.ReadAllAsync(plan.Items, new DatasetReaderOptions { MaxReadBytes = 5000 });

        Assert.All(read, picture => Assert.Equal(noise, picture.Bytes));
        Assert.InRange(files.BytesRead - before, 1, files["0.tgz"].Length + 100_000);
    }

    [Fact]
    public async Task ReadsAreManyAtATimeButNoMoreThanAllowed()
    {
        MemoryFiles files = MemoryFiles.Named([.. Enumerable.Range(0, 40).Select(i => $"{(i % 2 == 0 ? "cat" : "dog")}/{i:D3}.jpg")]);
        DatasetPlan plan = await files.PlanAsync();
        TaskCompletionSource four = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int now = 0;
        int most = 0;
        files.Opening = async (_, cancel) =>
        {
            int count = Interlocked.Increment(ref now);
            InterlockedMax(ref most, count);
            if (count == 4)
            {
                four.TrySetResult();
            }

            await four.Task.WaitAsync(cancel);
            await Task.Delay(1, cancel);
            Interlocked.Decrement(ref now);
        };

        Assert.Equal(40, (await files.ReadAllAsync(plan.Items, new DatasetReaderOptions { Parallelism = 4 })).Count);
        Assert.Equal(4, most);
    }

    [Fact]
    public async Task NoMoreIsReadAheadThanAllowed()
    {
        MemoryFiles files = new();
        for (int i = 0; i < 50; i++)
        {
            files[$"{(i % 2 == 0 ? "cat" : "dog")}/{i:D3}.jpg"] = new byte[1000];
        }

        DatasetPlan plan = await files.PlanAsync();
        int before = files.Opened;
        int given = 0;
        await foreach (DatasetPicture picture in new DatasetReader(files, new DatasetReaderOptions { Parallelism = 8, MaxBufferedBytes = 5200 }).ReadAsync(plan.Items, Token))
        {
            picture.Dispose();
            given++;
            await Task.Delay(2, Token);
            Assert.InRange(files.Opened - before - given, 0, 4);
        }

        Assert.Equal(50, given);
    }

    [Fact]
    public async Task APictureLargerThanTheBudgetIsReadAlone()
    {
        MemoryFiles files = new();
        files["cat/1.jpg"] = new byte[10_000];
        files["cat/2.jpg"] = new byte[10_000];
        files["dog/1.jpg"] = new byte[10];

        List<(byte[]? Bytes, DatasetReadReason?)> read = await files.ReadAllAsync((await files.PlanAsync()).Items, new DatasetReaderOptions { MaxBufferedBytes = 1 });

        Assert.Equal([10_000, 10_000, 10], read.Select(picture => picture.Bytes!.Length));
    }

    [Fact]
    public async Task WhatIsTooLargeChangedOrGoneFailsAsSuchAndTheRestComes()
    {
        MemoryFiles files = MemoryFiles.Named("cat/1.jpg", "cat/2.jpg", "cat/3.jpg", "dog/1.jpg");
        files["cat/3.jpg"] = new byte[1001];
        files["a.tar"] = Tars.Of(("x.jpg", "X"), ("x.cls", "0"));
        DatasetPlan plan = await files.PlanAsync();
        MemoryFiles changed = files.Reordered(["cat/1.jpg", "cat/3.jpg", "dog/1.jpg"]);
        changed["cat/1.jpg"] = [1];

        List<(byte[]? Bytes, DatasetReadReason? Failure)> read = await changed.ReadAllAsync(plan.Items, new DatasetReaderOptions { MaxPictureBytes = 1000 });

        Assert.Equal([DatasetReadReason.Changed, DatasetReadReason.Changed, DatasetReadReason.TooManyBytes, null], read.Select(picture => picture.Failure));
        Assert.Equal(files["dog/1.jpg"], read[3].Bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task APlanThatPromisesMoreThanTheArchiveHasFailsAsBroken(bool zipped)
    {
        MemoryFiles files = new();
        byte[] tar = Tars.Of(("cat/1.jpg", "A"), ("dog/1.jpg", "B"));
        files["0.tar"] = zipped ? MemoryFiles.Gzip(tar) : tar;
        DatasetPlan plan = await files.PlanAsync();
        DatasetItem beyond = plan.Items[0] with { Offset = 1_000_000 };
        DatasetItem noRecord = plan.Items[0] with { Encoding = DatasetEncoding.Cifar10 };

        List<(byte[]? Bytes, DatasetReadReason? Failure)> read = await files.ReadAllAsync([plan.Items[0], beyond, noRecord, plan.Items[1]]);

        Assert.Equal([null, DatasetReadReason.Broken, DatasetReadReason.Broken, null], read.Select(picture => picture.Failure));
    }

    [Fact]
    public async Task FaultsOfStorageAreThrown()
    {
        MemoryFiles files = MemoryFiles.Named([.. Enumerable.Range(0, 40).Select(i => $"{(i % 2 == 0 ? "cat" : "dog")}/{i:D3}.jpg")]);
        DatasetPlan plan = await files.PlanAsync();
        files.Opening = (file, _) => file.Name.Contains("017", StringComparison.Ordinal) ? throw new TimeoutException("storage") : Task.CompletedTask;

        await Assert.ThrowsAsync<TimeoutException>(() => files.ReadAllAsync(plan.Items));

        Assert.Equal(0, files.Open);
    }

    [Fact]
    public async Task ACallersFaultWhileItGivesItemsIsThrown()
    {
        MemoryFiles files = MemoryFiles.Named("cat/1.jpg", "dog/1.jpg");
        DatasetPlan plan = await files.PlanAsync();

        await Assert.ThrowsAsync<NotSupportedException>(() => files.ReadAllAsync(plan.Items.Select((item, i) => i == 1 ? throw new NotSupportedException() : item)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhoLeavesEarlyLeavesNothingOpen(bool zipped)
    {
        MemoryFiles files = new();
        byte[] tar = Tars.Of([.. Enumerable.Range(0, 300).Select(i => ($"{(i % 2 == 0 ? "cat" : "dog")}/{i:D3}.jpg", new string('x', 3000)))]);
        files["0.tar"] = zipped ? MemoryFiles.Gzip(tar) : tar;
        DatasetPlan plan = await files.PlanAsync();
        foreach (int leaveAt in (int[])[0, 1, 7])
        {
            int given = 0;
            await foreach (DatasetPicture picture in new DatasetReader(files, new DatasetReaderOptions { MaxReadBytes = 9000, MaxBufferedBytes = 50_000 }).ReadAsync(plan.Items, Token))
            {
                picture.Dispose();
                if (given++ == leaveAt)
                {
                    break;
                }
            }

            Assert.Equal(0, files.Open);
        }
    }

    [Fact]
    public async Task CancellationEndsWhatIsUnderWay()
    {
        MemoryFiles files = MemoryFiles.Named("cat/1.jpg", "dog/1.jpg", "dog/2.jpg");
        DatasetPlan plan = await files.PlanAsync();
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        files.Opening = async (file, token) =>
        {
            if (file.Name == "dog/1.jpg")
            {
                await cancel.CancelAsync();
                await Task.Delay(Timeout.Infinite, token);
            }
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (DatasetPicture picture in new DatasetReader(files).ReadAsync(plan.Items, cancel.Token))
            {
                picture.Dispose();
            }
        });

        Assert.Equal(0, files.Open);
    }

    [Fact]
    public async Task NothingIsReadWhereNothingIsAskedFor() => Assert.Empty(await new MemoryFiles().ReadAllAsync([]));

    private static void InterlockedMax(ref int place, int value)
    {
        int seen = Volatile.Read(ref place);
        while (value > seen)
        {
            int before = Interlocked.CompareExchange(ref place, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>A plan over loose pictures, a tar, a gzipped tar and records of CIFAR, put together from four; with what its items' bytes are.</summary>
    private static async Task<(MemoryFiles Files, DatasetPlan Plan, Dictionary<string, byte[]> Expected)> MixedAsync(bool seekable)
    {
        MemoryFiles all = new() { CanSeek = seekable };
        List<DatasetItem> items = [];
        Dictionary<string, byte[]> expected = [];
        Random random = new(5);
        for (int i = 0; i < 10; i++)
        {
            all[$"{(i % 2 == 0 ? "cat" : "dog")}/{i}.jpg"] = Noise(random, random.Next(1, 900));
        }

        (string, byte[])[] members = [.. Enumerable.Range(0, 12).Select(i => ($"{(i % 2 == 0 ? "cat" : "dog")}/{i:D2}.png", Noise(random, random.Next(1, 1500))))];
        all["a.tar"] = Tars.Of(System.Formats.Tar.TarEntryFormat.Pax, members);
        all["b.tgz"] = MemoryFiles.Gzip(Tars.Of(System.Formats.Tar.TarEntryFormat.Gnu, members));
        all["test_batch.bin"] = [.. Enumerable.Range(0, 8).SelectMany(i => Noise(random, 3073).Select((value, at) => at == 0 ? (byte)(i % 3) : value))];
        foreach (DatasetFormat format in (DatasetFormat[])[DatasetFormat.Folder, DatasetFormat.Tar, DatasetFormat.Cifar])
        {
            items.AddRange((await all.PlanAsync(format)).Items);
        }

        foreach (DatasetItem item in items)
        {
            if (item.Encoding == DatasetEncoding.Cifar10)
            {
                byte[] bmp = new byte[Datasets.Formats.BmpWriter.FileSize];
                Datasets.Formats.BmpWriter.Write(all["test_batch.bin"].AsSpan((int)item.Offset + 1), bmp);
                expected[item.Name] = bmp;
            }
            else
            {
                expected[item.Name] = item.Offset == 0 ? all[item.Name] : members.Single(member => item.Name.EndsWith(member.Item1, StringComparison.Ordinal)).Item2;
            }
        }

        return (all, new DatasetPlan("mixed", DatasetFormat.Folder, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], items, DatasetFaults.None), expected);
    }

    private static byte[] Noise(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
