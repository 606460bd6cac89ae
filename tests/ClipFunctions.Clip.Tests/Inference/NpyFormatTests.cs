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

    [Fact]
    public void ReadsWhatItWrites() =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[1, 40]).SelectMany((count, dimension) => Gen.Int.Array[count * dimension].Select(bits => (count, dimension, bits)))
            .Sample(shape =>
            {
                float[] values = [.. shape.bits.Select(BitConverter.Int32BitsToSingle)];
                Check(NpyFormat.Read(NpyFormat.Write(new EmbeddingMatrix(values, shape.count, shape.dimension))), shape.count, shape.dimension, shape.bits);
                if (values.Length > 0)
                {
                    Check(NpyFormat.Read(NpyFormat.Write(values)), 1, values.Length, shape.bits);
                }
            });

    [Theory]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }")]
    [InlineData(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }")]
    [InlineData(3, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }")]
    [InlineData(1, "{'descr':'<f4','fortran_order':False,'shape':(3,)}")]
    [InlineData(1, "{ \"shape\" : (1,3,) , \"fortran_order\" : False , \"descr\" : \"<f4\" }  \n")]
    public void ReadsEveryVersionAndSpellingOfTheHeader(byte version, string header) =>
        Check(NpyFormat.Read(File(version, header, 3)), 1, 3, [0, 1, 2]);

    [Theory]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", "'<f8'")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }", "'>f4'")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (3,), }", "Fortran")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "0 dimensions")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 3), }", "3 dimensions")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", "shape (4)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "shape (2)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 0), }", "shape (3, 0)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387907, 4), }", "shape (4611686018427387907, 4)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "damaged at character 51")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }", "damaged")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3), }", "damaged")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", "damaged")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "damaged")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'more': 1}", "damaged")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } x", "damaged")]
    [InlineData("", "damaged at character 0")]
    public void SaysWhatIsWrongWithAFile(string header, string told)
    {
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => NpyFormat.Read(File(1, header, 3)));

        Assert.Contains(told, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesOtherMagicAndVersions()
    {
        byte[] file = NpyFormat.Write([1f]);
        Assert.Contains("magic", Assert.Throws<InvalidDataException>(() => NpyFormat.Read("PK"u8)).Message, StringComparison.Ordinal);
        file[6] = 4;
        Assert.Contains("4.0", Assert.Throws<InvalidDataException>(() => NpyFormat.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnnouncedSizesTakeNoMemory()
    {
        byte[] header = [.. File(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647), }", 0)];
        byte[] length = [.. File(2, "", 0)];
        BinaryPrimitives.WriteUInt32LittleEndian(length.AsSpan(8), uint.MaxValue);
        byte[] dimensions = File(2, $"{{'shape': ({string.Concat(Enumerable.Repeat("1,", 100_000))}), ", 0);
        foreach (byte[] file in (byte[][])[header, length, dimensions])
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<InvalidDataException>(() => NpyFormat.Read(file));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        }
    }

    [Fact]
    public void DamagedBytesGiveAMatrixOrInvalidData() =>
        Gen.Select(Gen.Int[0, 3], Gen.Byte[1, 3], Gen.Select(Gen.Int[0, 150], Gen.Byte).Array[0, 6], Gen.Int[0, 150], Gen.Int[0, 12]).Sample((count, version, changes, from, removed) =>
        {
            byte[] file = File(version, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, 4), }}\n", count * 4);
            foreach ((int at, byte value) in changes)
            {
                file[at % file.Length] = value;
            }

            from = Math.Min(from, file.Length);
            file = [.. file[..from], .. file[Math.Min(from + removed, file.Length)..]];
            try
            {
                EmbeddingMatrix matrix = NpyFormat.Read(file);
                Assert.True(matrix.Values.Length * 4 < file.Length);
            }
            catch (InvalidDataException exception)
            {
                Assert.InRange(exception.Message.Length, 10, 300);
            }
        });

    private static void Check(EmbeddingMatrix matrix, int count, int dimension, int[] bits)
    {
        Assert.Equal((count, dimension), (matrix.Count, matrix.Dimension));
        Assert.Equal(bits, matrix.Values.ToArray().Select(BitConverter.SingleToInt32Bits));
    }

    /// <summary>A file whose numbers have the bits 0, 1, 2 …</summary>
    private static byte[] File(byte version, string header, int numbers)
    {
        byte[] text = Encoding.ASCII.GetBytes(header);
        byte[] length = BitConverter.GetBytes(text.Length);
        return
        [
            0x93, .. "NUMPY"u8, version, 0, .. version == 1 ? length[..2] : length, .. text,
            .. Enumerable.Range(0, numbers).SelectMany(BitConverter.GetBytes),
        ];
    }
}
