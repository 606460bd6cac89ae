using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ClipFunctions.Checkpoints.Formats;

namespace ClipFunctions.Checkpoints.Tests.Formats;

/// <summary>
/// Damaged files end in an <see cref="InvalidCheckpointException"/> or in tensors that can be read, within bounded memory. Each kind is tried 10,000 times;
/// <c>CLIP_FUZZ</c> is the number for a longer run.
/// </summary>
public class CheckpointFuzzTests
{
    // Errors with their texts and stack traces, then what a parser makes of each byte.
    private const long AllowedBytes = 100_000;
    private const long AllowedBytesPerByte = 100;

    // For a machine that is busy with other things; a hang takes for ever.
    private static readonly TimeSpan LongestCase = TimeSpan.FromSeconds(10);

    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("CLIP_FUZZ"), out int rounds) ? rounds : 10_000;

    private static readonly byte[] Header = Encoding.UTF8.GetBytes("""{"__metadata__":{"format":"pt"},"visual.conv1.weight":{"dtype":"F16","shape":[2,3,1,1],"data_offsets":[0,12]},"logit_scale":{"dtype":"F32","shape":[],"data_offsets":[12,16]},"ids":{"dtype":"I64","shape":[1,3],"data_offsets":[16,40]}}""");
    private static readonly string[] HeaderTokens = ["{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "-", "0", "1e9", "9223372036854775807", "18446744073709551616", "null", "true", "\"F64\"", "\"BF16\"", "\"shape\"", "\"dtype\"", "\"data_offsets\"", "\"__metadata__\"", " ", "/*", "[0,0]", "{}"];
    private static readonly byte[] HeaderData = [.. Enumerable.Range(0, 40).Select(value => (byte)value)];

    private static readonly byte[] StateDictionary = PickleWriter.StateDictionary(
        TorchTensor.Floats("visual.proj", "0", 3, 4),
        new TorchTensor("turned", "FloatStorage", "0", 12, 0, [4, 3], [1, 4]),
        new TorchTensor("half", "HalfStorage", "1", 4, 1, [3], [1]));

    private static readonly byte[] Module = PickleWriter.Of(pickle => pickle.Module(
        "clip.model",
        ("training", value => value.Raw(0x89)),
        ("logit_scale", value => value.Tensor(new TorchTensor("", "HalfStorage", "1", 4, 3, [], []))),
        ("sizes", value => value.Global("torch.jit._pickle", "build_intlist").Text("(](K\u0001K\u0002etR")),
        ("visual", value => value.Module("nn", ("proj", weight => weight.Tensor(TorchTensor.Floats("", "0", 3, 4))), ("q", inner => inner.Text("q\0")), ("again", inner => inner.Text("h\0"))))));

    private static readonly byte[] Storage0 = TorchTensor.Counting(12);
    private static readonly byte[] Storage1 = MemoryMarshal.AsBytes<Half>([(Half)1, (Half)2, (Half)3, (Half)4]).ToArray();

    private static readonly byte[] Opcodes = [.. "(.012FIJKLMNPQRSTUVXabcdeghijlopqrstu})]G"u8, .. Enumerable.Range(0x80, 0x19).Select(value => (byte)value)];

    [Fact]
    public void DamagedSafetensorsHeadersAreRefusedOrReadExactly()
        => Fuzz(1, random =>
        {
            string header = Encoding.UTF8.GetString(Header);
            for (int i = random.Next(3); i >= 0; i--)
            {
                int at = random.Next(header.Length);
                header = random.Next(4) switch
                {
                    0 => header.Insert(at, HeaderTokens[random.Next(HeaderTokens.Length)]),
                    1 => header.Remove(at, Math.Min(random.Next(1, 12), header.Length - at)),
                    2 => header.Insert(at, header.Substring(random.Next(header.Length / 2), random.Next(header.Length / 2))),
                    _ => ReplaceDigit(header, at, random),
                };
            }

            return WithLength(Encoding.UTF8.GetBytes(header), random);
        });

    [Fact]
    public void SafetensorsHeadersWithDamagedNumbersAreRefusedOrReadExactly()
        => Fuzz(2, random =>
        {
            string header = Encoding.UTF8.GetString(Header);
            for (int i = random.Next(4); i >= 0; i--)
            {
                header = ReplaceDigit(header, random.Next(header.Length), random);
            }

            return WithLength(Encoding.UTF8.GetBytes(header), random);
        });

    [Fact]
    public void DamagedSafetensorsHeaderBytesAreRefusedOrReadExactly()
        => Fuzz(3, random => WithLength(ByteMutator.Mutate(Header, random), random));

    [Fact]
    public void DamagedSafetensorsFilesAreRefusedOrReadExactly()
    {
        byte[] file = WithLength(Header, null);
        Fuzz(4, random => ByteMutator.Mutate(file, random));
    }

    [Fact]
    public void DamagedArchivesOfStateDictionariesAreRefusedOrRead()
    {
        byte[] file = ZipWriter.Torch(StateDictionary, ("0", Storage0), ("1", Storage1));
        Fuzz(5, random => ByteMutator.Mutate(file, random));
    }

    [Fact]
    public void DamagedDirectoriesOfArchivesAreRefusedOrRead()
    {
        // Everything but the pickle is damaged: headers, directory and end records, in both forms.
        Fuzz(6, random =>
        {
            ZipWriter zip = new() { Zip64 = random.Next(2) == 0, Described = random.Next(2) == 0 };
            byte[] file = ZipWriter.Torch(zip, random.Next(2) == 0 ? StateDictionary : Module, ("0", Storage0), ("1", Storage1));
            int from = random.Next(4) == 0 ? zip.LocalHeaders["archive/byteorder"] : zip.CentralHeaders["archive/data.pkl"];
            return [.. file[..from], .. ByteMutator.Mutate(file[from..], random)];
        });
    }

    [Fact]
    public void DamagedPicklesInSoundArchivesAreRefusedOrRead()
        => Fuzz(7, random => ZipWriter.Torch(MutatePickle(random.Next(2) == 0 ? StateDictionary : Module, random), ("0", Storage0), ("1", Storage1)));

    [Fact]
    public void DamagedPicklesInCompressedEntriesAreRefusedOrRead()
        => Fuzz(8, random =>
        {
            ZipWriter zip = new();
            zip.Add("a/data.pkl", MutatePickle(StateDictionary, random), deflate: true);
            zip.Add("a/data/0", Storage0);
            zip.Add("a/data/1", Storage1);
            byte[] file = zip.Finish();
            return random.Next(2) == 0 ? file : ByteMutator.Mutate(file, random, zip.LocalHeaders["a/data/0"]);
        });

    [Fact]
    public void DamagedLegacyFilesAreRefusedOrRead()
    {
        byte[] file = LegacyWriter.Write(StateDictionary, ("0", 12, Storage0), ("1", 4, Storage1));
        Fuzz(9, random => random.Next(2) == 0
            ? ByteMutator.Mutate(file, random)
            : LegacyWriter.Write(MutatePickle(StateDictionary, random), ("0", 12, Storage0), ("1", 4, Storage1)));
    }

    [Fact]
    public void RandomPicklesAreRefusedOrRead()
        => Fuzz(10, random =>
        {
            byte[] pickle = PickleWriter.Of(pickle =>
            {
                bool module = random.Next(3) == 0;
                pickle.Raw(module ? [.. "c__torch__\nM\n)"u8, 0x81] : []).Text("}(");
                for (int i = random.Next(8); i >= 0; i--)
                {
                    pickle.Word(Name(i));
                    WriteValue(pickle, random, 0);
                }

                pickle.Text(module ? "ub" : "u");
            });
            return ZipWriter.Torch(random.Next(3) == 0 ? MutatePickle(pickle, random) : pickle, ("0", Storage0), ("1", Storage1));
        });

    private static string ReplaceDigit(string header, int at, Random random)
    {
        int digit = header.IndexOfAny([.. "0123456789"], at);
        string number = random.Next(5) switch
        {
            0 => random.NextInt64(long.MinValue, long.MaxValue).ToString(System.Globalization.CultureInfo.InvariantCulture),
            1 => (1L << random.Next(63)).ToString(System.Globalization.CultureInfo.InvariantCulture),
            _ => random.Next(50).ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        return digit < 0 ? header : $"{header[..digit]}{number}{header[(digit + 1)..]}";
    }

    private static byte[] WithLength(byte[] header, Random? random)
    {
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length + (random?.Next(20) == 0 ? random.Next(-3, 4) : 0));
        return [.. length, .. header, .. HeaderData];
    }

    private static byte[] MutatePickle(byte[] pickle, Random random)
    {
        if (random.Next(3) > 0)
        {
            return ByteMutator.Mutate(pickle, random);
        }

        // Another opcode in the place of one byte.
        byte[] mutated = [.. pickle];
        mutated[random.Next(mutated.Length)] = Opcodes[random.Next(Opcodes.Length)];
        return mutated;
    }

    private static string Name(int number) => $"n{number}";

    private static void WriteValue(PickleWriter pickle, Random random, int depth)
    {
        switch (random.Next(depth < 4 ? 12 : 6))
        {
            case 0:
                long[] sizes = [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(-1, 5))];
                pickle.Tensor(new TorchTensor("", random.Next(2) == 0 ? "FloatStorage" : "IntStorage", "0", 12, random.Next(4), sizes, [.. sizes.Select(_ => (long)random.Next(5))]));
                break;
            case 1:
                pickle.Tensor(TorchTensor.Floats("", "0", 3, 4));
                break;
            case 2:
                pickle.Number(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64));
                break;
            case 3:
                pickle.Word(Name(random.Next()));
                break;
            case 4:
                pickle.Raw((byte)"N)]}"[random.Next(4)]);
                break;
            case 5:
                pickle.Raw((byte)"hq"[random.Next(2)], (byte)random.Next(3));
                break;
            case 6:
                pickle.Raw('(');
                WriteValue(pickle, random, depth + 1);
                WriteValue(pickle, random, depth + 1);
                pickle.Raw('t');
                break;
            case 7:
                pickle.Text("](");
                WriteValue(pickle, random, depth + 1);
                pickle.Raw('e');
                break;
            case 8:
                WriteValue(pickle, random, depth + 1);
                pickle.Raw((byte)'q', (byte)random.Next(3));
                break;
            case 9:
                pickle.Dictionary((Name(0), value => WriteValue(value, random, depth + 1)));
                break;
            default:
                pickle.Module("m", (Name(0), value => WriteValue(value, random, depth + 1)), (Name(1), value => WriteValue(value, random, depth + 1)));
                break;
        }
    }

    private static void Fuzz(int seed, Func<Random, byte[]> mutate)
    {
        Random random = new(seed);
        int refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] file = mutate(random);
            string Describe() => $"Seed {seed}, round {round}: {Convert.ToHexString(file)}";

            long start = Stopwatch.GetTimestamp();
            long allowed = AllowedBytes + (AllowedBytesPerByte * file.Length);
            try
            {
                // Once in a while a table of the runtime grows; the second time it does not.
                bool accepted = TryRead(file, out long allocated);
                Assert.True(allocated <= allowed || (TryRead(file, out allocated) == accepted && allocated <= allowed), $"{allocated} bytes allocated. {Describe()}");
                refused += accepted ? 0 : 1;
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.IAssertionException)
            {
                throw new InvalidOperationException(Describe(), exception);
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < LongestCase, Describe());
        }

        // A mutator that breaks every file, or none, would show nothing.
        Assert.InRange(refused, Rounds / 20, Rounds - (Rounds / 100));
    }

    private static bool TryRead(byte[] file, out long allocated)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using ICheckpoint checkpoint = CheckpointReading.Open(file);
            Span<float> values = stackalloc float[4096];
            foreach (TensorInfo tensor in checkpoint.Tensors.Values)
            {
                for (long at = 0; at < tensor.Count; at += values.Length)
                {
                    checkpoint.Read(tensor, at, values[..(int)Math.Min(values.Length, tensor.Count - at)]);
                }
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (checkpoint is SafetensorsFile)
            {
                AssertReadsAsWritten(checkpoint, file);
            }

            return true;
        }
        catch (InvalidCheckpointException)
        {
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            return false;
        }
    }

    /// <summary>Compares with another JSON parser and plain arithmetic.</summary>
    private static void AssertReadsAsWritten(ICheckpoint checkpoint, byte[] file)
    {
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, length));
        foreach (TensorInfo tensor in checkpoint.Tensors.Values)
        {
            JsonElement entry = header.RootElement.GetProperty(tensor.Name);
            Assert.Equal(entry.GetProperty("dtype").GetString(), tensor.Type.ToString(), ignoreCase: true);
            Assert.Equal(entry.GetProperty("shape").EnumerateArray().Select(value => value.GetInt64()), tensor.Shape);
            long begin = entry.GetProperty("data_offsets")[0].GetInt64();
            long end = entry.GetProperty("data_offsets")[1].GetInt64();
            byte[] data = file[(int)(8 + length + begin)..(int)(8 + length + end)];
            float[] expected = tensor.Type switch
            {
                TensorType.F16 => [.. Enumerable.Range(0, data.Length / 2).Select(i => (float)BinaryPrimitives.ReadHalfLittleEndian(data.AsSpan(2 * i)))],
                TensorType.BF16 => [.. Enumerable.Range(0, data.Length / 2).Select(i => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(data.AsSpan(2 * i)) << 16))],
                TensorType.F32 => [.. Enumerable.Range(0, data.Length / 4).Select(i => BinaryPrimitives.ReadSingleLittleEndian(data.AsSpan(4 * i)))],
                TensorType.F64 => [.. Enumerable.Range(0, data.Length / 8).Select(i => (float)BinaryPrimitives.ReadDoubleLittleEndian(data.AsSpan(8 * i)))],
                TensorType.I64 => [.. Enumerable.Range(0, data.Length / 8).Select(i => (float)BinaryPrimitives.ReadInt64LittleEndian(data.AsSpan(8 * i)))],
                _ => checkpoint.Read(tensor.Name),
            };
            Assert.Equal(expected, checkpoint.Read(tensor.Name));
        }
    }
}
