using System.Formats.Tar;
using Azure.Storage.Blobs;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Datasets;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Datasets.Reading;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests.Evaluations;

public sealed class BlobDatasetFilesTests(AzuriteServer azurite)
{
    private readonly string _container = $"d{Guid.NewGuid():n}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private BlobContainerClient Container => new(azurite.ConnectionString, _container);

    [Fact]
    public async Task AFolderIsPlannedAndRead()
    {
        await Container.CreateAsync(cancellationToken: Token);
        Dictionary<string, byte[]> pictures = TestDatasets.Folder(["cat", "dog", "red square"], 4, 2, 48).ToDictionary(file => file.Name, file => file.Content);
        foreach ((string name, byte[] content) in pictures)
        {
            await UploadAsync($"pets/{name}", content);
        }

        await UploadAsync("pets-2/train/bird/1.jpg", [1]);

        foreach (string path in (string[])["pets", "pets/"])
        {
            BlobDatasetFiles files = await BlobDatasetFiles.OpenAsync(Container, path, Token);
            DatasetPlan plan = await DatasetPlanner.PlanAsync(files, cancellationToken: Token);

            Assert.Equal($"{_container}/pets/", plan.Origin);
            Assert.Equal(["cat", "dog", "red square"], plan.Classes);
            Assert.Equal([4, 4, 4], plan.Counts.Train);
            Assert.Equal(pictures.Keys.Order(StringComparer.Ordinal), plan.Items.Select(item => item.Name).Order(StringComparer.Ordinal));
            Dictionary<string, byte[]> read = [];
            await foreach (DatasetPicture picture in new DatasetReader(files).ReadAsync(plan.Items, Token))
            {
                using (picture)
                {
                    read[picture.Item.Name] = picture.Bytes.ToArray();
                }
            }

            Assert.All(pictures, picture => Assert.Equal(picture.Value, read[picture.Key]));
        }
    }

    [Fact]
    public async Task CifarsArchiveReadsAsItsRecords()
    {
        await Container.CreateAsync(cancellationToken: Token);
        await UploadAsync("sets/cifar-100-binary.tar.gz", TestDatasets.CifarArchive(100, TestDatasets.SampledClasses, 6, 3));
        byte[] test = TestDatasets.CifarFiles(100, TestDatasets.SampledClasses, 6, 3).Single(file => file.Name == "test.bin").Content;

        BlobDatasetFiles files = await BlobDatasetFiles.OpenAsync(Container, "sets/cifar-100-binary.tar.gz", Token);
        DatasetPlan plan = await DatasetPlanner.PlanAsync(files, cancellationToken: Token);

        Assert.Equal("cifar-100-binary.tar.gz", files.Entry);
        Assert.Equal(TestDatasets.CifarClasses(100), plan.Classes);
        Assert.Equal((30, 15), (plan.Counts.Total(DatasetSplit.Train), plan.Counts.Total(DatasetSplit.Test)));
        (int start, int end) = plan.RangeOf(DatasetSplit.Test);
        await foreach (DatasetPicture picture in new DatasetReader(files, new DatasetReaderOptions { MaxReadBytes = 8000 }).ReadAsync(plan.Items.Take(start..end), Token))
        {
            using (picture)
            {
                ReadOnlySpan<byte> record = test.AsSpan(picture.Index * 3074, 3074);
                Assert.Equal(record[1], picture.Item.Label);
                using DecodedImage decoded = new ImageDecoder().Decode(picture.Bytes, Token);
                Assert.Equal((32, 32, PixelMode.Rgb), (decoded.Width, decoded.Height, decoded.Mode));
                for (int i = 0; i < 1024; i++)
                {
                    ReadOnlySpan<byte> pixel = decoded.Pixels.Slice(decoded.BytesPerPixel * i, 3);
                    Assert.Equal((record[2 + i], record[2 + 1024 + i], record[2 + 2048 + i]), (pixel[0], pixel[1], pixel[2]));
                }
            }
        }
    }

    [Fact]
    public async Task ATarsPicturesAreReadByRange()
    {
        await Container.CreateAsync(cancellationToken: Token);
        byte[] large = new byte[3 << 20];
        new Random(3).NextBytes(large);
        await UploadAsync("train-0.tar", Tar(("a.jpg", large), ("a.cls", "0"u8.ToArray()), ("b.png", "B"u8.ToArray()), ("b.cls", "1"u8.ToArray()), ("c.jpg", large[..5000]), ("c.cls", "1"u8.ToArray())));

        BlobDatasetFiles files = await BlobDatasetFiles.OpenAsync(Container, "", Token);
        DatasetPlan plan = await DatasetPlanner.PlanAsync(files, cancellationToken: Token);

        Assert.Equal(["train-0.tar/a.jpg", "train-0.tar/b.png", "train-0.tar/c.jpg"], plan.Items.Select(item => item.Name));
        List<byte[]> read = [];
        await foreach (DatasetPicture picture in new DatasetReader(files).ReadAsync(plan.Items.Reverse(), Token))
        {
            using (picture)
            {
                read.Add(picture.Bytes.ToArray());
            }
        }

        Assert.Equal([large[..5000], "B"u8.ToArray(), large], read);
    }

    [Fact]
    public async Task AManifestNamesBlobsBesideIt()
    {
        await Container.CreateAsync(cancellationToken: Token);
        await UploadAsync("pets/list.csv", "path,label,split\npictures/a b.jpg,cat,train\npictures/ü.jpg,dog,train\npictures/ü.jpg,dog,test\npictures/none.jpg,dog,test\n"u8.ToArray());
        await UploadAsync("pets/pictures/a b.jpg", [1]);
        await UploadAsync("pets/pictures/ü.jpg", [2]);

        foreach (string path in (string[])["pets/list.csv", "pets"])
        {
            DatasetPlan plan = await DatasetPlanner.PlanAsync(await BlobDatasetFiles.OpenAsync(Container, path, Token), cancellationToken: Token);

            Assert.Equal(DatasetFormat.Manifest, plan.Format);
            Assert.Equal(["pictures/a b.jpg", "pictures/ü.jpg"], plan.Items.Select(item => item.Name));
            Assert.Equal([DatasetFaultReason.Duplicate, DatasetFaultReason.Missing], plan.Faults.Listed.Select(fault => fault.Reason));
        }
    }

    [Fact]
    public async Task AReplacedOrRemovedBlobFailsAsSuch()
    {
        await Container.CreateAsync(cancellationToken: Token);
        foreach (string name in (string[])["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"])
        {
            await UploadAsync(name, [1, 2, 3]);
        }

        BlobDatasetFiles files = await BlobDatasetFiles.OpenAsync(Container, "", Token);
        DatasetPlan plan = await DatasetPlanner.PlanAsync(files, cancellationToken: Token);
        await UploadAsync("cat/1.jpg", [1, 2, 3]);
        await Container.DeleteBlobAsync("dog/1.jpg", cancellationToken: Token);

        List<DatasetReadReason?> reasons = [];
        await foreach (DatasetPicture picture in new DatasetReader(files).ReadAsync(plan.Items, Token))
        {
            using (picture)
            {
                reasons.Add(picture.Failure?.Reason);
            }
        }

        Assert.Equal([DatasetReadReason.Changed, null, DatasetReadReason.Changed], reasons);
    }

    [Fact]
    public async Task VersionsAndNamesOfAPlanAreNotTrusted()
    {
        await Container.CreateAsync(cancellationToken: Token);
        await UploadAsync("set/1.jpg", [1, 2, 3]);
        await UploadAsync("secret.jpg", [1, 2, 3]);
        BlobDatasetFiles files = await BlobDatasetFiles.OpenAsync(Container, "set/", Token);
        DatasetFile listed = (await Listed(files, "")).Single();

        await using (Stream stream = await files.OpenAsync(listed, 1, 1, Token))
        {
            Assert.Equal(2, stream.ReadByte());
            Assert.Equal(-1, stream.ReadByte());
        }

        await using (Stream nothing = await files.OpenAsync(listed, 3, null, Token))
        {
            Assert.Equal(-1, nothing.ReadByte());
        }

        foreach (DatasetFile bad in (DatasetFile[])[listed with { ETag = "*" }, listed with { Name = "../secret.jpg" }, listed with { Name = "2.jpg" }])
        {
            await Assert.ThrowsAsync<DatasetFileChangedException>(() => files.OpenAsync(bad, 0, null, Token));
        }

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => files.OpenAsync(listed, 2, 2, Token));
    }

    [Fact]
    public async Task WhatIsNotThereIsToldAsSuch()
    {
        foreach (string path in (string[])["", "x", "x/"])
        {
            InvalidDatasetException exception = await Assert.ThrowsAsync<InvalidDatasetException>(async () =>
                await DatasetPlanner.PlanAsync(await BlobDatasetFiles.OpenAsync(Container, path, Token), cancellationToken: Token));
            Assert.Contains($"there is no container '{_container}'", exception.Message, StringComparison.Ordinal);
        }

        await Container.CreateAsync(cancellationToken: Token);
        InvalidDatasetException empty = await Assert.ThrowsAsync<InvalidDatasetException>(async () =>
            await DatasetPlanner.PlanAsync(await BlobDatasetFiles.OpenAsync(Container, "x", Token), cancellationToken: Token));
        Assert.Contains("there is nothing", empty.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDatasetException>(() => BlobDatasetFiles.OpenAsync(Container, "a/../b", Token));
    }

    private static async Task<List<DatasetFile>> Listed(BlobDatasetFiles files, string prefix)
    {
        List<DatasetFile> listed = [];
        await foreach (DatasetFile file in files.ListAsync(prefix, Token))
        {
            listed.Add(file);
        }

        return listed;
    }

    private static byte[] Tar(params (string Name, byte[] Content)[] members)
    {
        using MemoryStream tar = new();
        using (TarWriter writer = new(tar, TarEntryFormat.Pax))
        {
            foreach ((string name, byte[] content) in members)
            {
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return tar.ToArray();
    }

    private async Task UploadAsync(string name, byte[] content) =>
        await Container.GetBlobClient(name).UploadAsync(new BinaryData(content), overwrite: true, Token);
}
