using ClipFunctions.Checkpoints.Formats;

namespace ClipFunctions.Checkpoints.Tests.Formats;

/// <summary>Pickles made to harm: each is refused by name, in little time and little memory.</summary>
public class UnpicklerTests
{
    private const long AllowedBytes = 4 << 20;

    [Theory]
    [InlineData("posix", "system")]
    [InlineData("nt", "system")]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("__builtin__", "exec")]
    [InlineData("subprocess", "Popen")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_sparse_tensor")]
    [InlineData("torch.storage", "_load_from_bytes")]
    [InlineData("torch.hub", "load")]
    [InlineData("numpy.core.multiarray", "_reconstruct")]
    [InlineData("clip.model", "CLIP")]
    [InlineData("__torch__evil", "system")]
    [InlineData("__torch", "system")]
    [InlineData("collections", "OrderedDict.clear")]
    [InlineData("", "")]
    public void AnyOtherNameIsRefusedByNameHoweverItIsWritten(string module, string name)
    {
        RefusePickle(pickle => pickle.Global(module, name).Raw('(').Word("touch /tmp/owned").Text("tR"), $"refers to {module}.{name},");
        RefusePickle(pickle => pickle.StackGlobal(module, name).Raw('(').Word("touch /tmp/owned").Text("tR"), $"refers to {module}.{name},");
        RefusePickle(pickle => pickle.Text($"(S'touch /tmp/owned'\ni{module}\n{name}\n"), $"refers to {module}.{name},");
    }

    [Fact]
    public void ANameThatIsAllowedForAnotherPurposeIsNotCalled()
    {
        RefusePickle(pickle => pickle.Global("torch", "FloatStorage").Text(")R"), "wants to call torch.FloatStorage");
        RefusePickle(pickle => pickle.Global("torch", "float32").Text(")R"), "wants to call torch.float32");
        RefusePickle(pickle => pickle.Global("__torch__.posix", "system").Raw('(').Word("ls").Text("tR"), "wants to call a class of __torch__");
        RefusePickle(pickle => pickle.Global("torch", "Size").Raw((byte)')', 0x81), "wants to create torch.Size from a tuple");
        RefusePickle(pickle => pickle.Global("__torch__.posix", "system").Raw('(').Word("ls").Raw((byte)'t', 0x81), "wants to create a class of __torch__");
        RefusePickle(pickle => pickle.Number(1).Text(")R"), "wants to call a number");
        RefusePickle(pickle => pickle.Word("posix.system").Text(")R"), "wants to call a string");
        RefusePickle(pickle => pickle.Raw('(').Global("collections", "OrderedDict").Raw('o'), "refers to collections.OrderedDict");
        RefusePickle(pickle => pickle.Global("collections", "OrderedDict").Raw((byte)')', (byte)'}', 0x92), "refers to collections.OrderedDict");
        RefusePickle(pickle => pickle.Global("collections", "OrderedDict").Text("]R"), "the arguments of collections.OrderedDict are a list");
        RefusePickle(pickle => pickle.Global("collections", "OrderedDict").Raw('(').Text("](K\u0001K\u0002etetR"), "mark");
    }

    [Fact]
    public void AClassBelowTheTorchScriptModuleIsOnlyAHolderOfAttributes()
    {
        byte[] pickle = PickleWriter.Of(pickle => pickle.Global("__torch__.posix", "system").Raw((byte)')', 0x81).Dictionary(("w", value => value.Tensor(TorchTensor.Floats("", "0", 2)))).Raw('b'));
        using ICheckpoint checkpoint = CheckpointReading.Open(ZipWriter.Torch(pickle, ("0", TorchTensor.Counting(2))));
        Assert.Equal(["w"], checkpoint.Tensors.Keys);
    }

    [Fact]
    public void StatesAreSetOnlyOnWhatHasAttributes()
    {
        RefusePickle(pickle => pickle.Global("torch", "FloatStorage").Text("}b"), "wants to set the state of torch.FloatStorage");
        RefusePickle(pickle => pickle.Text("]}b"), "wants to set the state of a list");
        RefusePickle(pickle => pickle.Text("N}b"), "wants to set the state of None");
        RefusePickle(pickle => pickle.Tensor(TorchTensor.Floats("w", "0", 2)).Text("}b"), "wants to set the state of a tensor");
        RefusePickle(pickle => pickle.Module("x").Text("}b"), "wants to set the state of a TorchScript object");
    }

    [Fact]
    public void ContainersAreOnlyFilledAsWhatTheyAre()
    {
        RefusePickle(pickle => pickle.Text("}K\u0001a"), "wants to append to a dict");
        RefusePickle(pickle => pickle.Text("](NNu"), "wants to set items of a list");
        RefusePickle(pickle => pickle.Text("}(Nu"), "a key has no value");
        RefusePickle(pickle => pickle.Text(")NNs"), "wants to set an item of a tuple");
        RefusePickle(pickle => pickle.Text("](N").Raw(0x90), "wants to add to a list");
    }

    [Fact]
    public void DoublingThroughTheMemoTakesNoMemory()
    {
        // Each list holds the one before twice: 2^100,000 elements, were they counted.
        RefusePickle(pickle => pickle.Text("]q\0").Repeat(100_000, part => part.Text("0](h\0h\0eq\0")), "holds no tensors by name");
        RefusePickle(pickle => pickle.Text(")").Repeat(100_000, part => part.Raw((byte)'2', 0x86)), "holds no tensors by name");
        RefusePickle(pickle => pickle.Raw('N').Repeat(500_000, part => part.Raw('2')), "ends with 500001 values");
    }

    [Fact]
    public void ModulesThatHoldOneAnotherTwiceAreNotWalkedForEver()
    {
        RefusePickle(
            pickle => pickle.Module("x", ("w", value => value.Tensor(TorchTensor.Floats("", "0", 2)))).Text("q\0").Repeat(60, part => part.Raw('0').Module("x", ("a", one => one.Text("h\0")), ("b", other => other.Text("h\0"))).Text("q\0")),
            "hold one another so often");
        RefusePickle(
            pickle => pickle.Global("__torch__.x", "M").Raw((byte)')', 0x81).Text("q\0").Dictionary(("a", self => self.Text("h\0"))).Raw('b').Word(new string('x', 100_000)).Raw('0'),
            "nested deeper than 64");
    }

    [Fact]
    public void DeepNestingIsNoDeepRecursion()
    {
        RefusePickle(pickle => pickle.Repeat(500_000, part => part.Raw(']')).Repeat(499_999, part => part.Raw('a')), "holds no tensors by name");
        RefusePickle(pickle => pickle.Raw('N').Repeat(500_000, part => part.Raw(0x85)), "holds no tensors by name");
        RefusePickle(pickle => pickle.Repeat(500_000, part => part.Raw('(')), "500000 marks");
        RefusePickle(
            pickle => pickle.Repeat(1000, part => part.Global("__torch__.x", "M").Raw((byte)')', 0x81).Text("}").Word("a")).Raw('N').Repeat(1000, part => part.Text("sb")).Word(new string('x', 100_000)).Raw('0'),
            "nested deeper than 64");
    }

    [Fact]
    public void LengthsBeyondTheFileAreRefusedBeforeAnythingIsAllocated()
    {
        RefusePickle(pickle => pickle.Raw('X').FourBytes(-1), "4294967295 bytes expected");
        RefusePickle(pickle => pickle.Raw(0x8D).EightBytes(long.MaxValue), "9223372036854775807 bytes expected");
        RefusePickle(pickle => pickle.Raw(0x8D).EightBytes(-1), "18446744073709551615 bytes expected");
        RefusePickle(pickle => pickle.Raw('T').FourBytes(-1), "-1 bytes expected");
        RefusePickle(pickle => pickle.Raw('B').FourBytes(int.MaxValue), "2147483647 bytes expected");
        RefusePickle(pickle => pickle.Raw(0x8E).EightBytes(1L << 40), "1099511627776 bytes expected");
        RefusePickle(pickle => pickle.Raw(0x96).EightBytes(1L << 40), "1099511627776 bytes expected");
        RefusePickle(pickle => pickle.Raw(0x95).EightBytes(1L << 40), "a frame of 1099511627776 bytes");
        RefusePickle(pickle => pickle.Raw(0x8B).FourBytes(int.MaxValue), "2147483647 bytes expected");
    }

    [Fact]
    public void HugeIntegersAreRefused()
    {
        RefusePickle(pickle => pickle.Raw(0x8B).FourBytes(100_000).Raw(new byte[100_000]), "an integer of 100000 bytes; 64 are allowed");
        RefusePickle(pickle => pickle.Text($"L{new string('9', 100_000)}L\n"), "an integer is none, or too large");
        RefusePickle(pickle => pickle.Text("I1e9\n"), "an integer is none");
        RefusePickle(pickle => pickle.Text("Fx\n"), "a number is none");
    }

    [Fact]
    public void AMemoIndexBeyondThePickleIsRefused()
    {
        RefusePickle(pickle => pickle.Raw((byte)'N', (byte)'r').FourBytes(-1), "4294967295 as an index of the memo");
        RefusePickle(pickle => pickle.Text("Np4000000000\n"), "4000000000 as an index of the memo");
        RefusePickle(pickle => pickle.Raw((byte)'h', 3), "the memo has no value 3");
        RefusePickle(pickle => pickle.Text("Nq\u0001h\0"), "the memo has no value 0");
        RefusePickle(pickle => pickle.Text("gx\n"), "an index of the memo is no number");
    }

    [Fact]
    public void AStackThatRunsEmptyIsRefused()
    {
        RefusePickle(pickle => pickle.Raw('0'), "its stack has run empty");
        RefusePickle(pickle => pickle.Raw('t'), "there is no mark");
        RefusePickle(pickle => pickle.Raw('2'), "its stack has run empty");
        RefusePickle(pickle => pickle.Text("N(a"), "its stack has run empty");
        RefusePickle(pickle => pickle.Text("NN"), "ends with 2 values");
        RefusePickle(_ => { }, "ends with 0 values");
    }

    [Fact]
    public void WhatOnlyOtherPicklesHaveIsRefused()
    {
        RefusePickle(pickle => pickle.Text("Pabc\n"), "refers to the persistent id 'abc'");
        RefusePickle(pickle => pickle.Raw(0x82, 1), "an extension code");
        RefusePickle(pickle => pickle.Raw(0x97), "an out-of-band buffer");
        RefusePickle(pickle => pickle.Raw(0xFF), "0xFF is no pickle opcode");
        RefusePickle(pickle => pickle.Raw(0x80, 6), "it is of protocol 6");
        RefusePickle(pickle => pickle.Raw('(').Word("module").Global("__torch__.x", "M").Word("model.py").Word("import os").Text("tQ"), "a persistent id of the kind 'module'");
        RefusePickle(pickle => pickle.Word("x").Raw('Q'), "a persistent id is a string");
        RefusePickle(pickle => pickle.Text("Sabc\n"), "a string is not quoted");
        RefusePickle(pickle => pickle.Text("Vabc"), "a line does not end");
    }

    [Fact]
    public void StoragesThatContradictEachOtherAreRefused()
    {
        byte[] pickle = PickleWriter.StateDictionary(TorchTensor.Floats("a", "0", 2), TorchTensor.Floats("b", "0", 3));
        CheckpointReading.Refuse(ZipWriter.Torch(pickle, ("0", TorchTensor.Counting(2))), "storage 0 is 2 elements of F32 and 3 of F32");
    }

    [Fact]
    public void ATensorsArgumentsMustBeWhatTheyAre()
    {
        RefusePickle(pickle => pickle.Global("torch._utils", "_rebuild_tensor_v2").Text(")R"), "the arguments of torch._utils._rebuild_tensor_v2 are not a storage");
        RefusePickle(pickle => pickle.Global("torch._utils", "_rebuild_tensor_v2").Text("(NNNNtR"), "are not a storage");
        RefusePickle(pickle => pickle.Global("torch._utils", "_rebuild_tensor_v3").Raw('(').StorageId(TorchTensor.Floats("w", "0", 2)).Number(0).Tuple(2).Tuple(1).Text("NNNtR"), "the seventh argument of torch._utils._rebuild_tensor_v3 is no element type");
        RefusePickle(pickle => pickle.Global("torch._utils", "_rebuild_parameter").Text(")R"), "torch._utils._rebuild_parameter has no arguments");
    }

    [Fact]
    public void ThePickleMustEndWithItsEntry()
        => CheckpointReading.Refuse(ZipWriter.Torch([.. PickleWriter.StateDictionary(TorchTensor.Floats("a", "0", 2)), 0], ("0", TorchTensor.Counting(2))), "the pickle ends at byte");

    [Fact]
    public void TooLargeAPickleIsRefusedBeforeItIsRead()
    {
        byte[] file = ZipWriter.Torch(new byte[(16 << 20) + 1]);
        Allocating(() => CheckpointReading.Refuse(file, "archive/data.pkl: zip archive: has 16777217 bytes in 16777217; 16777216 are allowed"), AllowedBytes);
    }

    [Fact]
    public void TooManyOpcodesAreRefused()
    {
        byte[] pickle = PickleWriter.Of(pickle => pickle.Text("](").Repeat(1_000_000, part => part.Text("N0")).Raw('e'));
        CheckpointReading.Refuse(ZipWriter.Torch(pickle), "more than 2000000 opcodes");
    }

    private static void RefusePickle(Action<PickleWriter> value, string message)
    {
        byte[] pickle = PickleWriter.Of(value);
        byte[] zip = ZipWriter.Torch(pickle, ("0", TorchTensor.Counting(2)));
        byte[] legacy = LegacyWriter.Write(pickle);

        // At most a few objects an opcode.
        long allowed = AllowedBytes + (200L * pickle.Length);
        Allocating(() => CheckpointReading.Refuse(zip, message), allowed);
        Allocating(() => Assert.Throws<InvalidCheckpointException>(() => CheckpointReading.Open(legacy).Dispose()), allowed);
    }

    private static void Allocating(Action action, long most)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, most);
    }
}
