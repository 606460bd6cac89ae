using ClipFunctions.Checkpoints.Onnx.Proto;
using ClipFunctions.Clip.Bundles;
using Google.Protobuf;

namespace ClipFunctions.Checkpoints.Onnx;

/// <summary>
/// Writes a graph as an ONNX file, constants streamed one after another. A large graph keeps its larger constants in a
/// second file beside it, <c>{name}.data</c>.
/// </summary>
internal static class OnnxModelWriter
{
    private const int IrVersion = 8;
    private const int OpsetVersion = 17;
    private const int BufferSize = 1 << 20;
    private const int Alignment = 64;

    // Constants below this many bytes stay in the model's own file.
    private const int SmallTensor = 1024;

    private const uint ModelGraphTag = (7 << 3) | 2;
    private const uint GraphInitializerTag = (5 << 3) | 2;
    private const uint TensorRawDataTag = (9 << 3) | 2;

    /// <summary>
    /// The most bytes of constants that stay in the model's own file: far below what a protocol buffer may have, because the runtime maps
    /// external data into memory but reads, parses and copies the file itself (ViT-B/32: twice as long a load).
    /// </summary>
    public const long DefaultInlineLimit = 16L << 20;

    /// <summary>Writes the file and tells of the files written, hashed on the way.</summary>
    public static IReadOnlyList<BundleFile> Write(OnnxGraph graph, string path, string producerVersion, long inlineLimit, Action<long> progress, CancellationToken cancellationToken)
    {
        bool external = graph.Initializers.Sum(tensor => tensor.Length) > inlineLimit;
        string dataPath = path + ".data";

        ModelProto head = new()
        {
            IrVersion = IrVersion,
            ProducerName = "ClipFunctions",
            ProducerVersion = producerVersion,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = OpsetVersion }, new OperatorSetIdProto { Domain = OnnxGraph.Microsoft, Version = 1 } },
        };

        List<(TensorProto Header, GraphTensor Tensor, bool External)> constants = [];
        long offset = 0;
        foreach (GraphTensor tensor in graph.Initializers)
        {
            TensorProto header = new() { Name = tensor.Name, DataType = (int)tensor.Type };
            header.Dims.AddRange(tensor.Shape);
            bool outside = external && tensor.Length >= SmallTensor;
            if (outside)
            {
                header.DataLocation = TensorProto.Types.DataLocation.External;
                header.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = Path.GetFileName(dataPath) });
                header.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{offset}" });
                header.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{tensor.Length}" });
                offset = (offset + tensor.Length + Alignment - 1) / Alignment * Alignment;
            }

            constants.Add((header, tensor, outside));
        }

        long graphSize = graph.Proto.CalculateSize();
        foreach ((TensorProto header, GraphTensor tensor, bool outside) in constants)
        {
            graphSize += Field(GraphInitializerTag, TensorSize(header, tensor, outside));
        }

        List<BundleFile> files = [];
        using (HashingFileStream stream = new(path, BufferSize))
        {
            head.WriteTo(stream);
            WriteVarint(stream, ModelGraphTag);
            WriteVarint(stream, (ulong)graphSize);
            graph.Proto.WriteTo(stream);
            foreach ((TensorProto header, GraphTensor tensor, bool outside) in constants)
            {
                cancellationToken.ThrowIfCancellationRequested();
                WriteVarint(stream, GraphInitializerTag);
                WriteVarint(stream, (ulong)TensorSize(header, tensor, outside));
                header.WriteTo(stream);
                if (!outside)
                {
                    WriteVarint(stream, TensorRawDataTag);
                    WriteVarint(stream, (ulong)tensor.Length);
                    WriteData(stream, tensor, progress, cancellationToken);
                }
            }

            files.Add(stream.Finish());
        }

        if (!external)
        {
            return files;
        }

        using (HashingFileStream stream = new(dataPath, BufferSize))
        {
            foreach ((_, GraphTensor tensor, bool outside) in constants)
            {
                if (outside)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    while (stream.Position % Alignment != 0)
                    {
                        stream.WriteByte(0);
                    }

                    WriteData(stream, tensor, progress, cancellationToken);
                }
            }

            files.Add(stream.Finish());
        }

        return files;
    }

    private static void WriteData(HashingFileStream stream, GraphTensor tensor, Action<long> progress, CancellationToken cancellationToken)
    {
        long before = stream.Position;
        tensor.Write(stream, cancellationToken);
        if (stream.Position - before != tensor.Length)
        {
            throw new InvalidOperationException($"{tensor.Name}: {stream.Position - before} bytes were written, {tensor.Length} announced.");
        }

        progress(tensor.Length);
    }

    private static long TensorSize(TensorProto header, GraphTensor tensor, bool outside)
        => header.CalculateSize() + (outside ? 0 : Field(TensorRawDataTag, tensor.Length));

    private static long Field(uint tag, long length) => VarintSize(tag) + VarintSize((ulong)length) + length;

    private static int VarintSize(ulong value) => (64 - System.Numerics.BitOperations.LeadingZeroCount(value | 1) + 6) / 7;

    private static void WriteVarint(Stream stream, ulong value)
    {
        Span<byte> bytes = stackalloc byte[10];
        int count = 0;
        do
        {
            bytes[count] = (byte)((value & 0x7F) | (value > 0x7F ? 0x80u : 0));
            value >>= 7;
            count++;
        }
        while (value > 0);

        stream.Write(bytes[..count]);
    }
}
