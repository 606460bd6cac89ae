using System.Buffers.Binary;
using System.Text;
using ClipFunctions.Clip.Inference;
using CsCheck;

namespace ClipFunctions.Clip.Tests.Inference;

public sealed class NpyFormatTests
{
    [Fact]
    public void WritesTheHeaderThatNumPyWrites()
    {
        byte[] file = NpyFormat.Write([1f, 2f, 3f]);

        // numpy.save(f, numpy.array([1, 2, 3], numpy.float32)) gives these 128 + 12 bytes.
        Assert.Equal(128 + 12, file.Length);
        Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 118, 0], file[..10]);
        Assert.StartsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", Encoding.ASCII.GetString(file, 10, 118), StringComparison.Ordinal);
        Assert.Equal((byte)'\n', file[127]);
    }

    [Fact]
    public void AMatrixHasTwoDimensions()
    {
        byte[] file = NpyFormat.Write(new EmbeddingMatrix([1, 2, 3, 4, 5, 6], 2, 3));
        Assert.StartsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", Encoding.ASCII.GetString(file, 10, 118), StringComparison.Ordinal);
        Assert.Equal(128 + 24, file.Length);
    }

    [Fact]
    public void KeepsEveryBitOfEveryVector() =>
        Gen.Int.Array[0, 200].Sample(bits =>
        {
            byte[] file = NpyFormat.Write([.. bits.Select(BitConverter.Int32BitsToSingle)]);
            int header = 10 + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
            Assert.Equal(0, header % 64);
            Assert.Equal(bits.Length * 4, file.Length - header);
            for (int i = 0; i < bits.Length; i++)
            {
                Assert.Equal(bits[i], BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(header + (i * 4))));
            }
        });
}
