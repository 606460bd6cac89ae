using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using ClipFunctions.Checkpoints.Formats;

namespace ClipFunctions.Checkpoints.Tests.Formats;

public class CheckpointFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void TheFormIsToldFromTheContentNotFromTheName()
    {
        byte[] pickle = PickleWriter.StateDictionary(TorchTensor.Floats("w", "0", 3));
        byte[] data = TorchTensor.Counting(3);
        foreach (byte[] file in new[] { Safetensors(("w", [0, 1, 2])), ZipWriter.Torch(pickle, ("0", data)), LegacyWriter.Write(pickle, ("0", 3, data)) })
        {
            using ICheckpoint checkpoint = CheckpointFile.Open(Write("model.txt", file));
            Assert.Equal(_folder["model.txt"], checkpoint.Name);
            Assert.Equal([0, 1, 2], checkpoint.Read("w"));
        }
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("<!DOCTYPE html><html><head>", "an HTML page")]
    [InlineData("\n  <html lang=\"en\">", "an HTML page")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1710540580\n", "a Git LFS pointer", "git lfs pull")]
    [InlineData("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>", "an XML document")]
    [InlineData("{\"error\":\"Repository not found\"}", "a JSON file, but no index of a sharded checkpoint")]
    [InlineData("{\"weight_map\":{}}", "a JSON file, but no index")]
    [InlineData("{ broken", "'b' is an invalid")]
    [InlineData("GGUF\u0003", "a GGUF file")]
    [InlineData("hello, world", "it begins with the bytes 68656C6C6F2C20776F726C64 (\"hello, world\")")]
    [InlineData("\0\0\0\0\0\0\0\0", "it begins with the bytes 0000000000000000")]
    public void WhatIsNoCheckpointIsCalledByItsName(string content, params string[] messages)
    {
        InvalidCheckpointException exception = Refuse(Write("model.pt", Encoding.UTF8.GetBytes(content)));
        Assert.All(messages, message => Assert.Contains(message, exception.Message, StringComparison.Ordinal));
        Assert.True(content.Contains('{', StringComparison.Ordinal) || exception.Message.Contains("Accepted are safetensors", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1F8B0800", "gzip-compressed")]
    [InlineData("894844460D0A1A0A", "an HDF5 file")]
    [InlineData("934E554D5059", "a NumPy array")]
    public void BinaryStrangersAreCalledByTheirNames(string hex, string message)
        => Assert.Contains(message, Refuse(Write("model.pt", Convert.FromHexString(hex))).Message, StringComparison.Ordinal);

    [Fact]
    public void ATarArchiveIsCalledByItsName()
    {
        byte[] file = new byte[512];
        "storages"u8.CopyTo(file);
        "ustar"u8.CopyTo(file.AsSpan(257));
        Assert.Contains("a tar archive", Refuse(Write("model.pt", file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASafetensorsFileThatIsCutShortIsTreatedAsOne()
        => Assert.Contains("header: expected", Refuse(Write("model.safetensors", Safetensors(("w", [1]))[..20])).Message, StringComparison.Ordinal);

    [Fact]
    public void AMissingFileAndAFolderAreErrors()
    {
        Assert.Contains("cannot be read", Refuse(_folder["nothing.pt"]).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Refuse(_folder.Path).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALinkIsFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        Write("blob", Safetensors(("w", [7])));
        File.CreateSymbolicLink(_folder["model.safetensors"], "blob");
        using ICheckpoint checkpoint = CheckpointFile.Open(_folder["model.safetensors"]);
        Assert.Equal([7], checkpoint.Read("w"));
    }

    [Theory]
    [InlineData("model.safetensors.index.json")]
    [InlineData("anything")]
    public void ShardsOfSafetensorsAreOneCheckpoint(string name)
    {
        Write("model-00001-of-00002.safetensors", Safetensors(("a", [1]), ("b", [2, 3])));
        Write("model-00002-of-00002.safetensors", Safetensors(("c", [4])));
        using ICheckpoint checkpoint = CheckpointFile.Open(WriteIndex(name, ("a", "model-00001-of-00002.safetensors"), ("b", "model-00001-of-00002.safetensors"), ("c", "model-00002-of-00002.safetensors")));
        Assert.Equal(_folder[name], checkpoint.Name);
        Assert.Equal(["a", "b", "c"], checkpoint.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([2, 3], checkpoint.Read("b"));
        Assert.Equal([4], checkpoint.Read("c"));
        Assert.Throws<ArgumentOutOfRangeException>(() => checkpoint.Read(checkpoint.Tensors["c"], 0, new float[2]));
    }

    [Fact]
    public void ShardsOfPyTorchAreOneCheckpointAndKeepTheirNames()
    {
        Write("pytorch_model-00001-of-00002.bin", ZipWriter.Torch(PickleWriter.StateDictionary(TorchTensor.Floats("module.a", "0", 3)), ("0", TorchTensor.Counting(3))));
        Write("pytorch_model-00002-of-00002.bin", LegacyWriter.Write(PickleWriter.StateDictionary(TorchTensor.Floats("module.b", "0", 2)), ("0", 2, TorchTensor.Counting(2))));
        using ICheckpoint checkpoint = CheckpointFile.Open(WriteIndex("pytorch_model.bin.index.json", ("module.a", "pytorch_model-00001-of-00002.bin"), ("module.b", "pytorch_model-00002-of-00002.bin")));
        Assert.Equal([0, 1, 2], checkpoint.Read("module.a"));
        Assert.Equal([0, 1], checkpoint.Read("module.b"));
    }

    [Fact]
    public void IndexAndShardsMustAgreeToTheLastTensor()
    {
        Write("1.st", Safetensors(("a", [1]), ("b", [2])));
        Write("2.st", Safetensors(("b", [2]), ("c", [3])));
        RefuseIndex("b: is in 1.st, but not in the index", ("a", "1.st"));
        RefuseIndex("b: is in 2.st, but the index says 1.st", ("a", "1.st"), ("b", "1.st"), ("c", "2.st"));
        RefuseIndex("d: is not in 1.st, where the index says it is", ("a", "1.st"), ("b", "1.st"), ("d", "1.st"));
        RefuseIndex("3.st: cannot be read", ("a", "1.st"), ("b", "1.st"), ("c", "3.st"));
    }

    [Theory]
    [InlineData("../1.st")]
    [InlineData("/etc/passwd")]
    [InlineData("folder/1.st")]
    [InlineData("folder\\1.st")]
    [InlineData("C:1.st")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("1.st\0")]
    public void ShardsElsewhereAreRefused(string file) => RefuseIndex("which is no plain file name", ("a", file));

    [Theory]
    [InlineData("{\"weight_map\":{\"a\":\"1.st\",\"a\":\"1.st\"}}", "weight_map: 'a' is there twice")]
    [InlineData("{\"weight_map\":{\"a\":\"1.st\"},\"weight_map\":{\"a\":\"1.st\"}}", "weight_map: is there twice")]
    [InlineData("{\"weight_map\":{\"a\":1}}", "weight_map: 'a' is in ''")]
    [InlineData("{\"weight_map\":[]}", "weight_map: expected an object")]
    [InlineData("{\"weight_map\":{\"a\":\"1.st\"}", "weight_map: ")]
    [InlineData("{\"weight_map\":{\"a\":\"1.st\"}} {}", "weight_map: ")]
    [InlineData("{\"metadata\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", "metadata: ")]
    public void ABrokenIndexIsRefused(string json, string message)
        => Assert.Contains(message, Refuse(Write("x.index.json", Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Fact]
    public void AnIndexIsNoShardOfAnIndex()
    {
        WriteIndex("x.index.json", ("a", "x.index.json"));
        Assert.Contains("it begins with the bytes", Refuse(_folder["x.index.json"]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NothingStaysMappedWhenOpeningFails()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Mappings are listed in /proc.");
        Write("good.st", Safetensors(("a", [1])));
        Write("zip.pt", ZipWriter.Torch(PickleWriter.Of(pickle => pickle.Global("posix", "system"))));
        Write("legacy.pt", LegacyWriter.Write(PickleWriter.Of(pickle => pickle.Global("posix", "system"))));
        Write("bad.st", Safetensors(("a", [1]))[..^1]);
        Write("page.html", "<html>"u8.ToArray());
        WriteIndex("x.index.json", ("a", "good.st"), ("b", "missing.st"));
        foreach (string name in new[] { "zip.pt", "legacy.pt", "bad.st", "page.html", "x.index.json" })
        {
            Refuse(_folder[name]);
        }

        Assert.DoesNotContain(_folder.Path, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        using (CheckpointFile.Open(_folder["good.st"]))
        {
            Assert.Contains(_folder["good.st"], File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(_folder.Path, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
    }

    [Fact]
    public void ALargeArchiveIsOpenedWithTheMemoryOfItsPickleAndReadBeyondFourGigabytes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere a file with a hole takes its whole size.");

        // Two storages of 2.5 GB, all holes but the last element of each.
        const long Elements = 625_000_000;
        const long Storage = Elements * sizeof(float);
        byte[] pickle = PickleWriter.StateDictionary(TorchTensor.Floats("a", "0", Elements / 1000, 1000), TorchTensor.Floats("b", "1", Elements));
        ZipWriter zip = new() { Zip64 = true };
        zip.Add("x/data.pkl", pickle);
        string path = _folder["large.pt"];
        zip.AddHole("x/data/0", Storage);
        zip.AddHole("x/data/1", Storage);
        using (FileStream stream = File.Create(path))
        {
            zip.Save(stream);
            stream.Position = Storage + zip.Data["x/data/1"] + Storage - sizeof(float);
            stream.Write(BitConverter.GetBytes(42f));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        using ICheckpoint checkpoint = CheckpointFile.Open(path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        float[] last = new float[3];
        checkpoint.Read(checkpoint.Tensors["b"], Elements - 3, last);
        Assert.Equal([0, 0, 42], last);
        checkpoint.Read(checkpoint.Tensors["a"], Elements - 3, last);
        Assert.Equal([0, 0, 0], last);
    }

    [Fact]
    public void APickleThatIsCompressedToMoreThanItIsAllowedIsNotCopied()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere a file with a hole takes its whole size.");
        const string Pickle = "x/data.pkl";
        ZipWriter zip = new() { Zip64 = true };
        zip.AddHole(Pickle, 3L << 30);
        string path = _folder["large.pt"];
        using (FileStream stream = File.Create(path))
        {
            zip.Save(stream);
            stream.Position = zip.LocalHeaders[Pickle] + 8;
            stream.WriteByte(8);
            stream.Position = (3L << 30) + zip.CentralHeaders[Pickle] + 10;
            stream.WriteByte(8);

            // The size comes first in the zip64 field; that in the archive stays.
            stream.Position = (3L << 30) + zip.CentralHeaders[Pickle] + 46 + Pickle.Length + 4;
            stream.Write(BitConverter.GetBytes(100L));
        }

        Assert.Contains("has 100 bytes in 3221225472; 16777216 are allowed", Refuse(path).Message, StringComparison.Ordinal);
    }

    private static byte[] Safetensors(params (string Name, float[] Values)[] tensors)
    {
        Dictionary<string, object> header = [];
        List<byte> data = [];
        foreach ((string name, float[] values) in tensors)
        {
            int begin = data.Count;
            data.AddRange(values.SelectMany(BitConverter.GetBytes));
            header.Add(name, new { dtype = "F32", shape = new[] { values.Length }, data_offsets = new[] { begin, data.Count } });
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    private string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(_folder[name], bytes);
        return _folder[name];
    }

    private string WriteIndex(string name, params (string Tensor, string File)[] map)
        => Write(name, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["metadata"] = new { total_size = 1 },
            ["weight_map"] = map.ToDictionary(pair => pair.Tensor, pair => pair.File),
        }));

    private void RefuseIndex(string message, params (string Tensor, string File)[] map)
        => Assert.Contains(message, Refuse(WriteIndex("x.index.json", map)).Message, StringComparison.Ordinal);

    private static InvalidCheckpointException Refuse(string path)
        => Assert.Throws<InvalidCheckpointException>(() => CheckpointFile.Open(path).Dispose());
}
