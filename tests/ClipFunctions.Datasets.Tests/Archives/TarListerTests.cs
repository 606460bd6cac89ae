using System.Formats.Tar;
using System.Text;
using ClipFunctions.Datasets.Archives;
using CsCheck;

namespace ClipFunctions.Datasets.Tests.Archives;

public class TarListerTests
{
    private static readonly Gen<string> Name = Gen.OneOf(
        Gen.OneOf("a.jpg", "b/c.png", "ü/猫 🐈.jpg", "x", "a b\"c'.cls", "..", "-"),
        Gen.Int[90, 110].Select(length => new string('n', length)),
        Gen.Int[1, 300].Select(length => string.Join('/', Enumerable.Repeat("folder", (length / 7) + 1)) + "/p.jpg"),
        Gen.Int[2, 60].Select(length => string.Concat(Enumerable.Repeat("é", length * 3)) + ".png"));

    private static readonly Gen<byte[]> Content = Gen.OneOf(
        Gen.Byte.Array[0, 20],
        Gen.OneOf(511, 512, 513, 1024, 5000, 70_000).Select(size => Enumerable.Range(0, size).Select(i => (byte)(i * 31)).ToArray()));

    [Fact]
    public Task EveryMemberOfEveryFormIsFoundWithItsPlace() =>
        Gen.Select(Gen.OneOf(TarEntryFormat.V7, TarEntryFormat.Ustar, TarEntryFormat.Pax, TarEntryFormat.Gnu), Gen.Select(Name, Content).Array[0, 8], Gen.Int[1, 3], Gen.Bool).SampleAsync(
            async (format, members, pieces, zipped) =>
            {
                // v7 and ustar refuse names that they cannot hold.
                (string Name, byte[] Content)[] held = [.. members.Where(member => Holds(format, member.Item1))];
                byte[] tar = Write(format, held);
                MemoryFiles files = new() { PieceSize = pieces * 333, CanSeek = pieces == 2 };
                files["x.tar"] = zipped ? MemoryFiles.Gzip(tar) : tar;

                List<(string, long, long)> found = await ListAsync(files);

                Assert.Equal(held.Select(member => (member.Name, member.Content.LongLength)), found.Select(member => (member.Item1, member.Item3)));
                Assert.Equal(held.Select(member => member.Content), found.Select(member => tar[(int)member.Item2..(int)(member.Item2 + member.Item3)]));
                Assert.Equal(0, files.Open);
            },
            iter: 1000);

    [Fact]
    public async Task LinksFoldersAndGlobalHeadersAreNoFiles()
    {
        using MemoryStream tar = new();
        using (TarWriter writer = new(tar, TarEntryFormat.Pax))
        {
            writer.WriteEntry(new PaxGlobalExtendedAttributesTarEntry(new Dictionary<string, string> { ["comment"] = "git" }));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "folder/"));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "folder/a.jpg", new Dictionary<string, string> { ["mtime"] = "1.5", ["x"] = "a=b c" }) { DataStream = new MemoryStream([1, 2, 3]) });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "folder/b.jpg") { LinkName = "a.jpg" });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "folder/c.jpg") { LinkName = "folder/a.jpg" });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Fifo, "folder/d.jpg"));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "./e.jpg") { DataStream = new MemoryStream([4]) });
        }

        MemoryFiles files = new();
        files["x.tar"] = tar.ToArray();
        List<string> unsupported = [];

        List<(string Name, long Offset, long Length)> found = await ListAsync(files, unsupported);

        Assert.Equal(["folder/a.jpg", "e.jpg"], found.Select(member => member.Name));
        Assert.Equal(["folder/b.jpg It is a link.", "folder/c.jpg It is a link."], unsupported);
    }

    [Theory]
    [InlineData("00000001750\0", 1000)]
    [InlineData("        12 \0", 10)]
    [InlineData("00000000000\0", 0)]
    public async Task SizesAreOctal(string field, long size)
    {
        byte[] tar = Header("a.jpg", Encoding.ASCII.GetBytes(field), '0');
        MemoryFiles files = new();
        files["x.tar"] = [.. tar, .. new byte[1024]];

        Assert.Equal([("a.jpg", 512L, size)], await ListAsync(files));
    }

    [Fact]
    public async Task LargeSizesAreBinary()
    {
        byte[] field = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0xE8];
        MemoryFiles files = new();
        files["x.tar"] = [.. Header("a.jpg", field, '0'), .. new byte[1024]];

        Assert.Equal([("a.jpg", 512L, 1000L)], await ListAsync(files));
    }

    [Theory]
    [InlineData("FF0000000000000000000001", "no number")]
    [InlineData("80FFFFFFFFFFFFFFFFFFFFFF", "no number")]
    [InlineData("807F00000000000000000000", "no number")]
    [InlineData("80000000" + "7FFFFFFFFFFFFFFF", "bytes")]
    [InlineData("393939393939393939393900", "no number")]
    public async Task ImpossibleSizesAreRefused(string hex, string told)
    {
        MemoryFiles files = new();
        files["x.tar"] = [.. Header("a.jpg", Convert.FromHexString(hex), '0'), .. new byte[1024]];

        BrokenArchiveException exception = await Assert.ThrowsAsync<BrokenArchiveException>(() => ListAsync(files));

        Assert.Contains(told, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('x')]
    [InlineData('L')]
    public async Task HugeHeadersAreRefusedBeforeTheyAreRead(char type)
    {
        MemoryFiles files = new();
        files["x.tar"] = [.. Header("a.jpg", Encoding.ASCII.GetBytes("77777777777\0"), type), .. new byte[1024]];

        BrokenArchiveException exception = await Assert.ThrowsAsync<BrokenArchiveException>(() => ListAsync(files));

        Assert.Contains("more than 1,048,576", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SparseFilesAreRefused()
    {
        MemoryFiles files = new();
        files["x.tar"] = [.. Header("a.jpg", Encoding.ASCII.GetBytes("00000001000\0"), 'S'), .. new byte[512], .. Header("b.jpg", Encoding.ASCII.GetBytes("00000000001\0"), '0'), .. new byte[512]];
        List<string> unsupported = [];

        Assert.Equal([("b.jpg", 1536L, 1L)], await ListAsync(files, unsupported));
        Assert.Equal(["a.jpg It is stored as a sparse file."], unsupported);
    }

    [Fact]
    public async Task WhatIsSkippedIsNotRead()
    {
        byte[] large = new byte[4 << 20];
        MemoryFiles files = new() { PieceSize = 1 << 16 };
        files["x.tar"] = Write(TarEntryFormat.Ustar, [("a.jpg", large), ("b.jpg", large), ("c.jpg", large)]);

        Assert.Equal(3, (await ListAsync(files)).Count);

        Assert.InRange(files.BytesRead, 1, 1 << 20);
        Assert.Equal(4, files.Opened);
    }

    [Fact]
    public Task DamageIsABrokenArchiveOrOtherMembers()
    {
        byte[] tar = Write(TarEntryFormat.Pax, [("a.jpg", [1, 2, 3]), (new string('é', 120), new byte[600]), ("b/c.cls", "7"u8.ToArray())]);
        return Gen.Select(Gen.Int[0, tar.Length - 1], Gen.Byte, Gen.Int[0, 2], Gen.Bool).SampleAsync(
            async (at, value, how, zipped) =>
            {
                byte[] source = zipped ? MemoryFiles.Gzip(tar) : tar;
                at %= source.Length;
                MemoryFiles files = new() { PieceSize = 4000 };
                files["x.tar"] = how switch
                {
                    0 => [.. source[..at], value, .. source[(at + 1)..]],
                    1 => source[..at],
                    _ => [.. source[..at], value, .. source[at..]],
                };
                try
                {
                    await ListAsync(files);
                }
                catch (BrokenArchiveException)
                {
                }

                Assert.Equal(0, files.Open);
            },
            iter: 5000);
    }

    private static bool Holds(TarEntryFormat format, string name)
    {
        try
        {
            Write(format, [(name, [])]);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static byte[] Write(TarEntryFormat format, (string Name, byte[] Content)[] members) => Tars.Of(format, members);

    private static async Task<List<(string Name, long Offset, long Length)>> ListAsync(MemoryFiles files, List<string>? unsupported = null)
    {
        List<(string, long, long)> found = [];
        await using SequentialReader source = await SequentialReader.OpenAsync(files, files.File("x.tar"), TestContext.Current.CancellationToken);
        TarLister reader = new(source) { Unsupported = (name, problem) => unsupported?.Add($"{name} {problem}") };
        while (await reader.NextAsync(TestContext.Current.CancellationToken) is { } member)
        {
            found.Add((member.Name, member.Offset, member.Length));
        }

        return found;
    }

    private static byte[] Header(string name, byte[] size, char type)
    {
        byte[] header = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(header, 0);
        size.CopyTo(header, 124);
        header[156] = (byte)type;
        header.AsSpan(148, 8).Fill((byte)' ');
        int sum = header.Sum(value => value);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        return header;
    }
}
