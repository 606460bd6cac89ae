using System.Buffers.Binary;
using System.Text;
using ClipFunctions.Checkpoints.Formats;

namespace ClipFunctions.Checkpoints.Tests.Formats;

public class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("F32", "0000C0BF0000004000000000", new[] { -1.5f, 2f, 0f })]
    [InlineData("F16", "00BE00400000", new[] { -1.5f, 2f, 0f })]
    [InlineData("BF16", "C0BF00400000", new[] { -1.5f, 2f, 0f })]
    [InlineData("F64", "000000000000F8BF00000000000000400000000000000000", new[] { -1.5f, 2f, 0f })]
    [InlineData("I64", "FFFFFFFFFFFFFFFF02000000000000000000000000000000", new[] { -1f, 2f, 0f })]
    [InlineData("U64", "010000000000000002000000000000000000000000000000", new[] { 1f, 2f, 0f })]
    [InlineData("I32", "FFFFFFFF0200000000000000", new[] { -1f, 2f, 0f })]
    [InlineData("U32", "FFFFFFFF0200000000000000", new[] { 4294967296f, 2f, 0f })]
    [InlineData("I16", "FFFF02000000", new[] { -1f, 2f, 0f })]
    [InlineData("U16", "FFFF02000000", new[] { 65535f, 2f, 0f })]
    [InlineData("I8", "FF0200", new[] { -1f, 2f, 0f })]
    [InlineData("U8", "FF0200", new[] { 255f, 2f, 0f })]
    [InlineData("BOOL", "010000", new[] { 1f, 0f, 0f })]
    public void EveryElementTypeReadsAsFloats(string type, string data, float[] expected)
    {
        byte[] bytes = Convert.FromHexString(data);
        using SafetensorsFile file = Open($$$"""{"x":{"dtype":"{{{type}}}","shape":[3],"data_offsets":[0,{{{bytes.Length}}}]}}""", bytes);
        float[] values = new float[3];
        file.Read(file.Tensors["x"], 0, values);
        Assert.Equal(expected, values);
        file.Read(file.Tensors["x"], 1, values.AsSpan(0, 2));
        Assert.Equal(expected[1..], values[..2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Tensors["x"], 2, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Tensors["x"], -1, new float[1]));
    }

    [Fact]
    public void ScalarsEmptyTensorsMetadataAndPaddingAreRead()
    {
        using SafetensorsFile file = Open("""{"__metadata__":{"format":"pt"},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]}}       """, new byte[4]);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(1, file.Tensors["s"].Count);
        Assert.Equal(0, file.Tensors["e"].Count);
        file.Read(file.Tensors["e"], 0, []);
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "x: F32 [3] takes 12 bytes, data_offsets 0 to 8 give 8")]
    [InlineData("""{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", 8, "x: data_offsets 0 to 12 lie outside the 8 bytes")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}""", 8, "x: data_offsets 8 to 4")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "x: data_offsets begin at 4, expected 0")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "overlap")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "speaks of 4 bytes of data, the file holds 8")]
    [InlineData("""{"x":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", 4, "x: dtype 'F33' is not known")]
    [InlineData("""{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "x: expected a whole number of 0 or more, found -1")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "too many elements")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1]}}""", 4, "x: expected dtype, shape and two data_offsets")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,5]}}""", 4, "x: more than 2 numbers")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1}}""", 4, "x: 'extra' is not known")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "x: is there twice")]
    [InlineData("""[1]""", 4, "header: expected an object")]
    [InlineData("""{"x":""", 4, "x: ")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "'a' is no string")]
    [InlineData("""{} {}""", 0, "header: ")]
    [InlineData("", 0, "header: ")]
    public void WhatBreaksARuleIsNamed(string header, int data, string message)
    {
        InvalidCheckpointException exception = Assert.Throws<InvalidCheckpointException>(() => Open(header, new byte[data]).Dispose());
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "too few")]
    [InlineData("00000000000000", "too few")]
    [InlineData("FFFFFFFFFFFFFFFF", "more than a header may have")]
    [InlineData("0010000000000000", "expected 4096 bytes, but only 0 follow")]
    public void AWrongHeaderLengthIsNamed(string hex, string message)
    {
        InvalidCheckpointException exception = Assert.Throws<InvalidCheckpointException>(() => OpenBytes(Convert.FromHexString(hex)).Dispose());
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ANameOfAnyLengthMakesNoEndlessMessage()
    {
        string name = new('x', 1_000_000);
        InvalidCheckpointException exception = Assert.Throws<InvalidCheckpointException>(() => Open($$$"""{"{{{name}}}":{"dtype":"{{{name}}}"}}""", []).Dispose());
        Assert.InRange(exception.Message.Length, 300, 1500);
    }

    [Fact]
    public void AMissingFileIsAnInvalidCheckpoint()
        => Assert.Throws<InvalidCheckpointException>(() => SafetensorsFile.Open(_folder["nothing.safetensors"]).Dispose());

    [Fact]
    public void ATensorOfAnotherFileIsRefused()
    {
        const string Header = """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""";
        using SafetensorsFile first = Open(Header, new byte[4]);
        using SafetensorsFile second = Open(Header, new byte[4], "second.safetensors");
        Assert.Throws<ArgumentException>(() => first.Read(second.Tensors["x"], 0, new float[1]));
    }

    [Fact]
    public void MutatedFilesAreRefusedOrReadNeverWorse()
    {
        byte[] original = SyntheticModel.Transformer(width: 64, layers: 1, patch: 2, grid: 1, textWidth: 64, textLayers: 1, vocabulary: 20, context: 4).ToSafetensors();
        int headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(original);
        Random random = new(2026);
        int refused = 0;
        for (int round = 0; round < 4000; round++)
        {
            byte[] mutated = Mutate(original, headerLength, random);
            try
            {
                using SafetensorsFile file = OpenBytes(mutated);
                foreach (TensorInfo tensor in file.Tensors.Values)
                {
                    float[] values = new float[Math.Min(tensor.Count, 1000)];
                    file.Read(tensor, tensor.Count - values.Length, values);
                }

                Layouts.ModelLayout.Read(file);
            }
            catch (InvalidCheckpointException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 3999);
    }

    private static byte[] Mutate(byte[] original, int headerLength, Random random)
    {
        byte[] mutated = [.. original];
        switch (random.Next(6))
        {
            case 0:
                return mutated[..random.Next(mutated.Length)];
            case 1:
                BinaryPrimitives.WriteInt64LittleEndian(mutated, random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64));
                return mutated;
            case 2:
                for (int i = random.Next(8); i >= 0; i--)
                {
                    mutated[8 + random.Next(headerLength)] = (byte)random.Next(256);
                }

                return mutated;
            case 3:
                // Digits for digits, so that it stays JSON.
                for (int i = random.Next(4); i >= 0;)
                {
                    int at = 8 + random.Next(headerLength);
                    if (char.IsAsciiDigit((char)mutated[at]))
                    {
                        mutated[at] = (byte)('0' + random.Next(10));
                        i--;
                    }
                }

                return mutated;
            case 4:
                // A stretch of the header over another.
                int length = random.Next(1, 80);
                mutated.AsSpan(8 + random.Next(headerLength - length), length).CopyTo(mutated.AsSpan(8 + random.Next(headerLength - length)));
                return mutated;
            default:
                mutated[8 + headerLength + random.Next(mutated.Length - headerLength - 8)] ^= (byte)(1 << random.Next(8));
                return mutated;
        }
    }

    private SafetensorsFile Open(string header, byte[] data, string name = "model.safetensors")
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return OpenBytes([.. length, .. json, .. data], name);
    }

    private SafetensorsFile OpenBytes(byte[] bytes, string name = "model.safetensors")
    {
        File.WriteAllBytes(_folder[name], bytes);
        return SafetensorsFile.Open(_folder[name]);
    }
}
