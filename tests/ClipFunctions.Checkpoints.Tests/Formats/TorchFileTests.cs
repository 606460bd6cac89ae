using System.Runtime.InteropServices;
using ClipFunctions.Checkpoints.Formats;
using CsCheck;

namespace ClipFunctions.Checkpoints.Tests.Formats;

public class TorchFileTests
{
    private static readonly byte[] Twelve = TorchTensor.Counting(12);

    [Theory]
    [InlineData("FloatStorage", "0000C0BF0000004000000000", TensorType.F32, new[] { -1.5f, 2f, 0f })]
    [InlineData("HalfStorage", "00BE00400000", TensorType.F16, new[] { -1.5f, 2f, 0f })]
    [InlineData("BFloat16Storage", "C0BF00400000", TensorType.BF16, new[] { -1.5f, 2f, 0f })]
    [InlineData("DoubleStorage", "000000000000F8BF00000000000000400000000000000000", TensorType.F64, new[] { -1.5f, 2f, 0f })]
    [InlineData("LongStorage", "FFFFFFFFFFFFFFFF02000000000000000000000000000000", TensorType.I64, new[] { -1f, 2f, 0f })]
    [InlineData("IntStorage", "FFFFFFFF0200000000000000", TensorType.I32, new[] { -1f, 2f, 0f })]
    [InlineData("ShortStorage", "FFFF02000000", TensorType.I16, new[] { -1f, 2f, 0f })]
    [InlineData("CharStorage", "FF0200", TensorType.I8, new[] { -1f, 2f, 0f })]
    [InlineData("ByteStorage", "FF0200", TensorType.U8, new[] { 255f, 2f, 0f })]
    [InlineData("BoolStorage", "010000", TensorType.Bool, new[] { 1f, 0f, 0f })]
    public void EveryStorageTypeReadsAsFloatsFromBothForms(string storageType, string hex, TensorType type, float[] expected)
    {
        byte[] data = Convert.FromHexString(hex);
        byte[] pickle = PickleWriter.StateDictionary(new TorchTensor("x", storageType, "7", 3, 0, [3], [1]));
        foreach (byte[] file in new[] { ZipWriter.Torch(pickle, ("7", data)), LegacyWriter.Write(pickle, ("7", 3, data)) })
        {
            using ICheckpoint checkpoint = CheckpointReading.Open(file);
            Assert.Equal(type, checkpoint.Tensors["x"].Type);
            Assert.Equal(expected, checkpoint.Read("x"));
        }
    }

    [Fact]
    public void TypesMixInOneFileAndDevicesAreIgnored()
    {
        byte[] pickle = PickleWriter.StateDictionary(
            new TorchTensor("conv1.weight", "HalfStorage", "0", 2, 0, [1, 2], [2, 1]),
            TorchTensor.Floats("ln.weight", "1", 2));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", Convert.FromHexString("003C0040")), ("1", TorchTensor.Counting(2))));
        Assert.Equal([1, 2], checkpoint.Read("conv1.weight"));
        Assert.Equal([0, 1], checkpoint.Read("ln.weight"));
        Assert.Equal("conv1.weight: F16 [1, 2]", checkpoint.Tensors["conv1.weight"].ToString());
    }

    [Fact]
    public void TransposedSlicedExpandedAndSharedTensorsReadInRowMajorOrder()
    {
        byte[] pickle = PickleWriter.StateDictionary(
            new TorchTensor("whole", "FloatStorage", "0", 12, 0, [3, 4], [4, 1]),
            new TorchTensor("transposed", "FloatStorage", "0", 12, 0, [4, 3], [1, 4]),
            new TorchTensor("sliced", "FloatStorage", "0", 12, 5, [2, 2], [4, 1]),
            new TorchTensor("stepped", "FloatStorage", "0", 12, 1, [3], [4]),
            new TorchTensor("expanded", "FloatStorage", "0", 12, 2, [2, 3], [0, 1]),
            new TorchTensor("repeated", "FloatStorage", "0", 12, 11, [3], [0]),
            new TorchTensor("scalar", "FloatStorage", "0", 12, 9, [], []),
            new TorchTensor("empty", "FloatStorage", "0", 12, 0, [0, 5], [5, 1]),
            new TorchTensor("ones", "FloatStorage", "0", 12, 3, [1, 2, 1], [99, 1, 99]));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", Twelve)));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], checkpoint.Read("whole"));
        Assert.Equal([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], checkpoint.Read("transposed"));
        Assert.Equal([5, 6, 9, 10], checkpoint.Read("sliced"));
        Assert.Equal([1, 5, 9], checkpoint.Read("stepped"));
        Assert.Equal([2, 3, 4, 2, 3, 4], checkpoint.Read("expanded"));
        Assert.Equal([11, 11, 11], checkpoint.Read("repeated"));
        Assert.Equal([9], checkpoint.Read("scalar"));
        Assert.Empty(checkpoint.Read("empty"));
        Assert.Equal([3, 4], checkpoint.Read("ones"));
    }

    [Fact]
    public void AnyViewReadsLikeIndexingElementByElementFromAnyStart()
        => Gen.Select(Gen.Int[0, 4], Gen.Int[0, 5].Array[0, 4], Gen.Int[0, 30].Array[4], Gen.Int[0, 6]).Sample((type, sizes, steps, offset) =>
        {
            long[] shape = [.. sizes.Select(size => (long)size)];
            long[] strides = [.. steps[..sizes.Length].Select(step => (long)step)];
            (string storageType, int elementSize) = type switch
            {
                0 => ("ByteStorage", 1),
                1 => ("ShortStorage", 2),
                2 => ("FloatStorage", 4),
                3 => ("HalfStorage", 2),
                _ => ("LongStorage", 8),
            };
            const int Count = 640;
            byte[] data = new byte[Count * elementSize];
            new Random(type).NextBytes(data);
            byte[] pickle = PickleWriter.StateDictionary(
                new TorchTensor("view", storageType, "0", Count, offset, shape, strides),
                new TorchTensor("all", storageType, "0", Count, 0, [Count], [1]));
            using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", data)));
            float[] all = checkpoint.Read("all");
            List<float> expected = [];
            long total = shape.Aggregate(1L, (product, size) => product * size);
            for (long i = 0; i < total; i++)
            {
                (long rest, long at) = (i, offset);
                for (int d = shape.Length - 1; d >= 0; d--)
                {
                    at += rest % shape[d] * strides[d];
                    rest /= shape[d];
                }

                expected.Add(all[at]);
            }

            Assert.Equal(expected, checkpoint.Read("view"));
            if (total > 1)
            {
                float[] part = new float[total / 2];
                checkpoint.Read(checkpoint.Tensors["view"], total / 3, part);
                Assert.Equal(expected.Skip((int)(total / 3)).Take(part.Length), part);
            }
        }, iter: 2000);

    [Fact]
    public void AWrappedStateDictIsUnwrappedAndWhatStandsBesideItIsIgnored()
    {
        byte[] pickle = PickleWriter.Of(pickle => pickle.Dictionary(
            ("epoch", inner => inner.Number(32)),
            ("name", inner => inner.Word("run")),
            ("best", inner => inner.Global("numpy.core.multiarray", "scalar").Raw('(').Global("numpy", "dtype").Raw('(').Word("f8").Raw(0x89, 0x88).Text("tR").Tuple(3, 1).Text("b").Raw((byte)'C', 1, 0).Text("tR")),
            ("optimizer", inner => inner.Dictionary(("state", state => state.Text("}K\u0001").Dictionary(("step", step => step.Tensor(TorchTensor.Floats("", "9", 1)))).Raw('s')), ("param_groups", groups => groups.Text("]}a")))),
            ("state_dict", inner => inner.Dictionary(("module.a.weight", value => value.Tensor(TorchTensor.Floats("", "0", 3, 4))), ("module.b", value => value.Tensor(TorchTensor.Floats("", "0", 12)))))));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", Twelve)));
        Assert.Equal(["a.weight", "b"], checkpoint.Tensors.Keys);
        Assert.Equal(11, checkpoint.Read("a.weight")[^1]);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("model_state_dict")]
    [InlineData("model", "state_dict")]
    public void OtherWrappersAreKnownToo(params string[] wrappers)
    {
        byte[] pickle = PickleWriter.Of(pickle => wrappers.Reverse().Aggregate<string, Action<PickleWriter>>(
            inner => inner.Dictionary(("w", value => value.Tensor(TorchTensor.Floats("", "0", 12)))),
            (inner, wrapper) => outer => outer.Dictionary((wrapper, inner)))(pickle));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", Twelve)));
        Assert.Equal(["w"], checkpoint.Tensors.Keys);
    }

    [Fact]
    public void AModulePrefixThatNotAllNamesHaveStays()
    {
        byte[] pickle = PickleWriter.StateDictionary(TorchTensor.Floats("module.a", "0", 12), TorchTensor.Floats("b", "0", 12));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", Twelve)));
        Assert.Equal(["module.a", "b"], checkpoint.Tensors.Keys);
    }

    [Fact]
    public void OrderedDictionariesParametersAndTheirMetadataAreRead()
    {
        byte[] pickle = PickleWriter.Of(pickle => pickle
            .EmptyOrdered().Raw('(').Word("w")
            .Global("torch._utils", "_rebuild_parameter").Raw('(').Tensor(TorchTensor.Floats("", "0", 12)).Raw(0x88).EmptyOrdered().Text("tR")
            .Raw('u').Dictionary(("_metadata", inner => inner.EmptyOrdered())).Raw('b'));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", Twelve)));
        Assert.Equal(12, checkpoint.Tensors["w"].Count);
    }

    [Fact]
    public void AStorageWithoutATypeTakesTheTensorsOwn()
    {
        byte[] pickle = PickleWriter.Of(pickle => pickle.Dictionary(("w", inner => inner
            .Global("torch._utils", "_rebuild_tensor_v3").Raw('(')
            .Raw('(').Word("storage").Global("torch.storage", "UntypedStorage").Word("0").Word("cpu").Number(6).Text("tQ")
            .Number(1).Tuple(2).Tuple(1).Raw(0x89).EmptyOrdered().Global("torch", "uint16").Text("tR"))));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", [1, 0, 2, 0, 0xFF, 0xFF])));
        Assert.Equal([2, 65535], checkpoint.Read("w"));
    }

    [Fact]
    public void TorchScriptModulesGiveAttributePaths()
    {
        byte[] pickle = PickleWriter.Of(pickle => pickle.Module(
            "clip.model",
            ("training", value => value.Raw(0x89)),
            ("_is_full_backward_hook", value => value.Raw('N')),
            ("positional_embedding", value => value.Tensor(TorchTensor.Floats("", "0", 3, 4))),
            ("input_resolution", value => value.Tensor(new TorchTensor("", "LongStorage", "1", 1, 0, [], []))),
            ("sizes", value => value.Global("torch.jit._pickle", "build_intlist").Text("(](K\u0001K\u0002etR")),
            ("device", value => value.Global("torch", "device").Raw('(').Word("cpu").Text("tR")),
            ("types", value => value.Global("torch.jit._pickle", "restore_type_tag").Text("(}").Word("Dict[str, int]").Text("tR")),
            ("visual", value => value.Module("torch.nn.___torch_mangle_1", ("transformer", Nested("resblocks", Nested("0", Nested("attn", Nested("in_proj_weight", weight => weight.Tensor(TorchTensor.Floats("", "0", 12)))))))))));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", Twelve), ("1", [224, 0, 0, 0, 0, 0, 0, 0])));
        Assert.Equal(["input_resolution", "positional_embedding", "visual.transformer.resblocks.0.attn.in_proj_weight"], checkpoint.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([224], checkpoint.Read("input_resolution"));
    }

    [Fact]
    public void TheLegacyFormReadsViewsOfItsStorages()
    {
        byte[] pickle = PickleWriter.Of(pickle => pickle.Dictionary(("w", inner => inner
            .Global("torch._utils", "_rebuild_tensor").Raw('(')
            .Raw('(').Word("storage").Global("torch", "FloatStorage").Word("4711").Word("cpu").Number(12).Raw('(').Word("4712").Number(4).Number(3).Text("ttQ")
            .Number(1).Tuple(2).Tuple(1).Text("tR"))));
        using ICheckpoint checkpoint = CheckpointReading.Open(LegacyWriter.Write(pickle, ("4711", 12, Twelve)));
        Assert.Equal([5, 6], checkpoint.Read("w"));
        CheckpointReading.Refuse(LegacyWriter.Write(PickleWriter.Of(inner => inner.Dictionary(("w", value => value
            .Raw('(').Word("storage").Global("torch", "FloatStorage").Word("4711").Word("cpu").Number(12).Raw('(').Word("4712").Number(10).Number(3).Text("ttQ"))))), "a view of 3 elements at 10");
    }

    [Fact]
    public void PicklesOfEveryProtocolAreRead()
    {
        byte[] text = new PickleWriter().Text("(dp0\nS'w'\np1\nctorch._utils\n_rebuild_tensor\n((S'storage'\nctorch\nFloatStorage\nV0\nS'cpu'\nI12\ntQI0\n(I3\nL4L\nt(I4\nI1\ntI01\nF1.5\n00tRp2\nsg1\n0.").ToArray();
        byte[] fourth = new PickleWriter().Raw(0x80, 4, 0x95).EightBytes(0).Raw((byte)'}', 0x94, 0x8C, 1, (byte)'w', 0x94)
            .StackGlobal("torch._utils", "_rebuild_tensor").Raw(0x94).Raw('(').Raw('(').Raw(0x8C, 7).Text("storage")
            .StackGlobal("torch", "FloatStorage").Raw(0x8D).EightBytes(1).Text("0").Word("cpu").Raw((byte)'K', 12).Text("tQ").Number(0)
            .Raw((byte)'K', 3, (byte)'K', 4, 0x86, (byte)'K', 4, (byte)'K', 1, 0x86).Text("tRs.").ToArray();
        foreach (byte[] pickle in new[] { text, fourth })
        {
            using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", Twelve)));
            Assert.Equal([3, 4], checkpoint.Tensors["w"].Shape);
            Assert.Equal(11, checkpoint.Read("w")[^1]);
        }
    }

    [Fact]
    public void ATensorThatReachesBeyondItsStorageIsRefused()
    {
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 0, [3, 5], [4, 1]), "w: F32 [3, 5] with strides [4, 1] from element 0 on reaches element 12; its storage 0 has 12");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 12, [1], [1]), "reaches element 12");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, long.MaxValue, [1], [1]), "reaches element");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 0, [2], [long.MaxValue]), "reaches element");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, long.MaxValue, [2, 2], [long.MaxValue, long.MaxValue]), "reaches element");
    }

    [Fact]
    public void NegativeNumbersAndNoNumbersAreRefused()
    {
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 3, [2], [-1]), "w: a stride is no whole number of 0 or more");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 0, [-2], [1]), "w: a size is no whole number of 0 or more");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, -1, [2], [1]), "w: its offset in the storage");
        Refuse(new TorchTensor("w", "FloatStorage", "0", -12, 0, [2], [1]), "is not a storage of a known type");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 0, [2, 2], [1]), "2 sizes and 1 strides");
    }

    [Fact]
    public void ShapesWhoseProductOverflowsAreRefused()
    {
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 0, [1L << 32, 1L << 32], [0, 0]), "too many elements");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 0, [1L << 62, 4, 0], [0, 0, 0]), "too many elements");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 0, [long.MaxValue], [0]), "too many elements");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 0, [.. Enumerable.Repeat(2L, 17)], [.. Enumerable.Repeat(0L, 17)]), "16 at most");
    }

    [Fact]
    public void AnExpansionToMoreThanTheFileCouldHoldIsRefused()
        => Refuse(new TorchTensor("w", "FloatStorage", "0", 12, 0, [1 << 20], [0]), "repeats its storage to 4194304 bytes");

    [Fact]
    public void AStorageThatIsNotAsLongAsThePickleSaysIsRefused()
    {
        Refuse(new TorchTensor("w", "FloatStorage", "0", 13, 0, [2], [1]), "w: its storage archive/data/0 has 48 bytes; 13 elements of F32 take 52");
        Refuse(new TorchTensor("w", "FloatStorage", "0", 11, 0, [2], [1]), "has 48 bytes; 11 elements");
        Refuse(new TorchTensor("w", "FloatStorage", "0", long.MaxValue, 0, [2], [1]), "has 48 bytes; 9223372036854775807 elements");
        Refuse(new TorchTensor("w", "FloatStorage", "1", 12, 0, [2], [1]), "w: its storage archive/data/1 is not in the archive");
        Refuse(new TorchTensor("w", "FloatStorage", "../data.pkl", 12, 0, [2], [1]), "is not in the archive");
    }

    [Fact]
    public void LegacyStoragesThatAreNotAsThePickleSaysAreRefused()
    {
        byte[] pickle = PickleWriter.StateDictionary(TorchTensor.Floats("w", "7", 12));
        CheckpointReading.Refuse(LegacyWriter.Write(pickle), "w: its storage 7 is not in the file");
        CheckpointReading.Refuse(LegacyWriter.Write(pickle, ("7", 11, Twelve)), "storage 7: has 11 elements, the pickle says 12");
        CheckpointReading.Refuse(LegacyWriter.Write(pickle, ("7", 12, Twelve[..40])), "storage 7: takes 48 bytes, 40 are left");
        CheckpointReading.Refuse(LegacyWriter.Write(pickle, ("7", 12, [.. Twelve, 0])), "1 bytes follow the last storage");
        CheckpointReading.Refuse(LegacyWriter.Write(pickle, ("8", 12, Twelve)), "'8' is no storage of the value");
        CheckpointReading.Refuse(LegacyWriter.Write(pickle, ("7", 12, Twelve), ("7", 12, Twelve)), "storage 7: is there twice");
        CheckpointReading.Refuse(LegacyWriter.Write(PickleWriter.StateDictionary(new TorchTensor("w", "FloatStorage", "7", long.MaxValue, 0, [1], [1])), ("7", long.MaxValue, Twelve)), "storage 7: takes 36893488147419103228 bytes");
        CheckpointReading.Refuse(LegacyWriter.Write(pickle, ("7", 12, Twelve))[..^49], "the file ends before it");
    }

    [Fact]
    public void BigEndianFilesAreRefused()
    {
        byte[] pickle = PickleWriter.StateDictionary(TorchTensor.Floats("w", "0", 12));
        CheckpointReading.Refuse(LegacyWriter.Write(pickle, littleEndian: false, protocol: 1001, ("0", 12, Twelve)), "little-endian");
        ZipWriter zip = new();
        zip.Add("a/data.pkl", pickle);
        zip.Add("a/data/0", Twelve);
        zip.Add("a/byteorder", "big"u8.ToArray());
        CheckpointReading.Refuse(zip.Finish(), "a/byteorder: the file is not little-endian");
    }

    [Fact]
    public void AnotherLegacyProtocolAndAnotherPickleAreRefused()
    {
        byte[] pickle = PickleWriter.StateDictionary(TorchTensor.Floats("w", "0", 12));
        CheckpointReading.Refuse(LegacyWriter.Write(pickle, littleEndian: true, protocol: 1002, ("0", 12, Twelve)), "protocol 1001");
        CheckpointReading.Refuse(pickle, "not one that torch.save wrote");
    }

    [Fact]
    public void AFileWithoutNamedTensorsSaysWhatItHolds()
    {
        CheckpointReading.Refuse(ZipWriter.Torch(PickleWriter.Of(pickle => pickle.Dictionary(("epoch", value => value.Number(1)), ("net", value => value.Text("}"))))), "holds no tensors by name", "a dict with the keys epoch, net");
        CheckpointReading.Refuse(ZipWriter.Torch(PickleWriter.Of(pickle => pickle.Tensor(TorchTensor.Floats("", "0", 12))), ("0", Twelve)), "a tensor without a name");
        CheckpointReading.Refuse(ZipWriter.Torch(PickleWriter.Of(pickle => pickle.Number(3))), "a plain value");
        CheckpointReading.Refuse(ZipWriter.Torch(PickleWriter.Of(pickle => pickle.Module("x"))), "a TorchScript module without tensors");
        CheckpointReading.Refuse(ZipWriter.Torch(PickleWriter.Of(pickle => pickle.Text("}K\u0001").Tensor(TorchTensor.Floats("", "0", 12)).Raw('s')), ("0", Twelve)), "a key that is no string");
    }

    [Fact]
    public void ANameThatIsThereTwiceIsRefused()
        => CheckpointReading.Refuse(ZipWriter.Torch(PickleWriter.StateDictionary(TorchTensor.Floats("w", "0", 12), TorchTensor.Floats("w", "0", 12)), ("0", Twelve)), "w: is there twice");

    [Fact]
    public void ReadingIsSafeFromSeveralThreads()
    {
        byte[] data = TorchTensor.Counting(1 << 16);
        byte[] pickle = PickleWriter.StateDictionary(new TorchTensor("t", "FloatStorage", "0", 1 << 16, 0, [256, 256], [1, 256]), TorchTensor.Floats("w", "0", 256, 256));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", data)));
        float[] expected = checkpoint.Read("t");
        Parallel.For(0, 16, _ =>
        {
            Assert.Equal(MemoryMarshal.Cast<byte, float>(data).ToArray(), checkpoint.Read("w"));
            Assert.Equal(expected, checkpoint.Read("t"));
        });
    }

    [Fact]
    public void NobodyReadsAfterDisposal()
    {
        ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(PickleWriter.StateDictionary(TorchTensor.Floats("w", "0", 12)), ("0", Twelve)));
        checkpoint.Dispose();
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => checkpoint.Read("w"));
    }

    private static Action<PickleWriter> Nested(string name, Action<PickleWriter> value) => pickle => pickle.Module(name, (name, value));

    private static void Refuse(TorchTensor tensor, string message)
        => CheckpointReading.Refuse(ZipWriter.Torch(PickleWriter.StateDictionary(tensor), ("0", Twelve)), message);
}
