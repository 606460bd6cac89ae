using System.Buffers.Binary;
using System.IO.Compression;
using ClipFunctions.Checkpoints.Formats;

namespace ClipFunctions.Checkpoints.Tests.Formats;

/// <summary>Archives in each way that is right, and with one lie in each place that can hold one.</summary>
public class ZipDirectoryTests
{
    private const string Pickle = "archive/data.pkl";
    private const string Storage = "archive/data/0";
    private static readonly byte[] StateDictionary = PickleWriter.StateDictionary(TorchTensor.Floats("w", "0", 3, 4));
    private static readonly byte[] Twelve = TorchTensor.Counting(12);

    public static TheoryData<bool, bool> Forms { get; } = new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Theory]
    [MemberData(nameof(Forms))]
    public void PlainAndZip64ArchivesWithAndWithoutDescriptorsAreRead(bool zip64, bool described)
    {
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(new ZipWriter { Zip64 = zip64, Described = described }, StateDictionary, ("0", Twelve)));
        Assert.Equal(11, checkpoint.Read("w")[^1]);
    }

    [Fact]
    public void ArchivesOfOtherWritersAreRead()
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] data, CompressionLevel level) in new[] { ("w/data/0", Twelve, CompressionLevel.NoCompression), ("w/data.pkl", StateDictionary, CompressionLevel.Optimal) })
            {
                using Stream entry = archive.CreateEntry(name, level).Open();
                entry.Write(data);
            }
        }

        using ICheckpoint checkpoint = CheckpointReading.Open(stream.ToArray());
        Assert.Equal(11, checkpoint.Read("w")[^1]);
    }

    [Fact]
    public void ACommentAtTheEndIsAllowed()
    {
        (byte[] file, ZipWriter zip) = Write();
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(zip.End + 20), 5);
        using ICheckpoint checkpoint = CheckpointReading.Open([.. file, .. "hello"u8]);
        Assert.Equal(["w"], checkpoint.Tensors.Keys);
        CheckpointReading.Refuse([.. file, .. "hell"u8], "no end record");
    }

    [Fact]
    public void CompressedStoragesAreRefusedWithAdvice()
    {
        ZipWriter zip = new();
        zip.Add(Pickle, StateDictionary);
        zip.Add(Storage, new byte[48], deflate: true);
        CheckpointReading.Refuse(zip.Finish(), "w: its storage archive/data/0 is compressed", "without compression");
    }

    [Fact]
    public void APickleBombIsRefusedBeforeItIsInflated()
    {
        ZipWriter zip = new();
        zip.Add(Pickle, new byte[10_000_000], deflate: true);
        byte[] file = zip.Finish();
        long before = GC.GetAllocatedBytesForCurrentThread();
        CheckpointReading.Refuse(file, Pickle, "are to become 10000000, more than 64 times as many");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Theory]
    [InlineData(10, "does not decompress to")]
    [InlineData(-10, "does not decompress to")]
    public void AnInflatedSizeThatIsALieIsRefused(int more, string message)
    {
        ZipWriter zip = new();
        zip.Add(Pickle, StateDictionary, deflate: true);
        zip.Add(Storage, Twelve);
        byte[] file = zip.Finish();
        Write32(file, zip.CentralHeaders[Pickle] + 24, (uint)(StateDictionary.Length + more));
        CheckpointReading.Refuse(file, Pickle, message);
    }

    [Fact]
    public void DamagedCompressedDataAreRefused()
    {
        ZipWriter zip = new();
        zip.Add(Pickle, StateDictionary, deflate: true);
        zip.Add(Storage, Twelve);
        byte[] file = zip.Finish();
        file.AsSpan(zip.Data[Pickle], 20).Fill(0xFF);
        CheckpointReading.Refuse(file, Pickle, "decompress");
    }

    [Fact]
    public void ADamagedPickleIsToldByItsCrc()
    {
        (byte[] file, ZipWriter zip) = Write();
        file[zip.Data[Pickle] + 20] ^= 1;
        CheckpointReading.Refuse(file, $"{Pickle}: zip archive: is damaged: its CRC-32 is");
    }

    [Fact]
    public void OverlappingEntriesAreRefused()
    {
        ZipWriter zip = new();
        zip.Add(Pickle, StateDictionary);
        zip.Add(Storage, Twelve);
        zip.Add("archive/data/1", Twelve);
        byte[] file = zip.Finish();

        // The entry before says that it reaches into this one.
        Write32(file, zip.CentralHeaders[Storage] + 20, 70);
        Write32(file, zip.CentralHeaders[Storage] + 24, 70);
        CheckpointReading.Refuse(file, $"archive/data/1: zip archive: begins at byte {zip.LocalHeaders["archive/data/1"]}, within {Storage}");
    }

    [Theory]
    [InlineData(100)]
    [InlineData(int.MaxValue)]
    public void AnEntryThatReachesIntoTheDirectoryIsRefused(int size)
    {
        ZipWriter zip = new();
        zip.Add(Pickle, StateDictionary);
        zip.Add(Storage, Twelve);
        byte[] file = zip.Finish();
        Write32(file, zip.CentralHeaders[Storage] + 20, (uint)size);
        Write32(file, zip.CentralHeaders[Storage] + 24, (uint)size);
        CheckpointReading.Refuse(file, $"{Storage}: zip archive: at byte {zip.LocalHeaders[Storage]} there is no header with {size} bytes behind it and before the directory");
    }

    [Fact]
    public void TwoEntriesOfOneNameAreRefused()
    {
        ZipWriter zip = new();
        zip.Add(Pickle, StateDictionary);
        zip.Add(Storage, Twelve);
        zip.Add("archive/data/1", Twelve);
        byte[] file = zip.Finish();
        file[zip.CentralHeaders["archive/data/1"] + 46 + Storage.Length - 1] = (byte)'0';
        file[zip.LocalHeaders["archive/data/1"] + 30 + Storage.Length - 1] = (byte)'0';
        CheckpointReading.Refuse(file, $"{Storage}: zip archive: is there twice");
    }

    [Theory]
    [InlineData(0, "there is no header")]
    [InlineData(8, "says something else than the directory")]
    [InlineData(14, "says something else than the directory")]
    [InlineData(18, "says something else than the directory")]
    [InlineData(22, "says something else than the directory")]
    [InlineData(26, "says something else than the directory", "extra fields are damaged")]
    [InlineData(30, "says something else than the directory")]
    public void ALocalHeaderThatDisagreesWithTheDirectoryIsRefused(int at, params string[] messages)
    {
        (byte[] file, ZipWriter zip) = Write(new ZipWriter { Described = false });
        file[zip.LocalHeaders[Storage] + at] ^= 8;
        InvalidCheckpointException exception = CheckpointReading.Refuse(file, Storage);
        Assert.Contains(messages, message => exception.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void AnEncryptedEntryIsRefused()
    {
        (byte[] file, ZipWriter zip) = Write();
        file[zip.LocalHeaders[Storage] + 6] |= 1;
        CheckpointReading.Refuse(file, Storage, "says something else than the directory");
    }

    [Theory]
    [InlineData(0, 0U, "is no entry")]
    [InlineData(8, 0x809U, "is encrypted")]
    [InlineData(20, 47U, "is stored, yet 48 bytes take 47")]
    [InlineData(20, uint.MaxValue, "its zip64 field lacks a size")]
    [InlineData(24, uint.MaxValue, "its zip64 field lacks a size")]
    [InlineData(28, 0xFFFFU, "takes 65581 bytes")]
    [InlineData(42, uint.MaxValue, "its zip64 field lacks a size")]
    [InlineData(42, uint.MaxValue - 1, "do not lie before the directory")]
    [InlineData(42, 1U, "there is no header")]
    public void ADirectoryEntryThatLiesIsRefused(int at, uint value, string message)
    {
        (byte[] file, ZipWriter zip) = Write();
        Write32(file, zip.CentralHeaders[Storage] + at, value);
        CheckpointReading.Refuse(file, message);
    }

    [Theory]
    [InlineData(0, -1L)]
    [InlineData(0, long.MaxValue)]
    [InlineData(8, -1L)]
    [InlineData(8, 1L << 40)]
    [InlineData(16, -1L)]
    [InlineData(16, long.MinValue)]
    [InlineData(16, 1L << 40)]
    [InlineData(16, 17L)]
    public void Zip64SizesAndOffsetsThatLieAreRefused(int field, long value)
    {
        (byte[] file, ZipWriter zip) = Write(new ZipWriter { Zip64 = true });
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(zip.CentralHeaders[Storage] + 46 + Storage.Length + 4 + field), value);
        CheckpointReading.Refuse(file, Storage);
    }

    [Theory]
    [InlineData(4, 43L, "zip64 end record is damaged")]
    [InlineData(4, -1L, "zip64 end record is damaged")]
    [InlineData(24, 5L, "zip64 end record is damaged")]
    [InlineData(32, 1L << 62, "zip64 end record is damaged")]
    [InlineData(40, -1L, "does not end at byte")]
    [InlineData(40, long.MinValue, "does not end at byte")]
    [InlineData(48, -1L, "does not end at byte")]
    [InlineData(48, 1L, "does not end at byte")]
    public void AZip64EndThatLiesIsRefused(int field, long value, string message)
    {
        (byte[] file, ZipWriter zip) = Write(new ZipWriter { Zip64 = true });
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(zip.Zip64End + field), value);
        CheckpointReading.Refuse(file, message);
    }

    [Theory]
    [InlineData(0L, "behind its 0 entries")]
    [InlineData(1L << 40, "entries in a directory of")]
    [InlineData(-1L, "entries in a directory of")]
    [InlineData(5L, "is no entry")]
    [InlineData(3L, "bytes behind its 3 entries")]
    public void AWrongNumberOfEntriesIsRefused(long count, string message)
    {
        (byte[] file, ZipWriter zip) = Write(new ZipWriter { Zip64 = true });
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(zip.Zip64End + 24), count);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(zip.Zip64End + 32), count);
        CheckpointReading.Refuse(file, message);
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(0L)]
    [InlineData(1L << 50)]
    public void AZip64LocatorThatPointsElsewhereIsRefused(long value)
    {
        (byte[] file, ZipWriter zip) = Write(new ZipWriter { Zip64 = true });
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(zip.End - 20 + 8), value);
        CheckpointReading.Refuse(file, "zip64");
    }

    [Fact]
    public void TwoEndRecordsThatDisagreeAreRefused()
    {
        (byte[] file, ZipWriter zip) = Write();
        Write32(file, zip.End + 16, 1);
        CheckpointReading.Refuse(file, "its two end records disagree");
    }

    [Fact]
    public void AnArchiveThatIsCutShortIsRefused()
    {
        (byte[] file, _) = Write();
        for (int length = 4; length < file.Length; length++)
        {
            CheckpointReading.Refuse(file[..length], "zip archive");
        }
    }

    [Fact]
    public void AnArchiveOfSomethingElseIsRefused()
    {
        ZipWriter other = new();
        other.Add("word/document.xml", Twelve);
        CheckpointReading.Refuse(other.Finish(), "a zip archive with 0 entries <name>/data.pkl", "word/document.xml");
        ZipWriter two = new();
        two.Add("a/data.pkl", StateDictionary);
        two.Add("b/data.pkl", StateDictionary);
        CheckpointReading.Refuse(two.Finish(), "2 entries");
        CheckpointReading.Refuse(new ZipWriter().Finish()[76..], "0 entries");
    }

    private static (byte[] File, ZipWriter Zip) Write(ZipWriter? zip = null)
    {
        zip ??= new ZipWriter();
        return (ZipWriter.Torch(zip, StateDictionary, ("0", Twelve)), zip);
    }

    private static void Write32(byte[] file, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
}
