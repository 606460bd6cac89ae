using System.Security.Cryptography;
using ClipFunctions.Checkpoints.Onnx.Proto;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Testing;
using Google.Protobuf;

namespace ClipFunctions.Reliability.Tests.Models;

/// <summary>
/// A directory of one bundle, <c>faulty</c>: the shipped one, whose graph of pictures throws within ONNX Runtime if a picture's middle is white. It
/// then puts six numbers into a shape of seven.
/// </summary>
internal sealed class FaultyBundle : IDisposable
{
    /// <summary>The model's id.</summary>
    public const string Id = "faulty";

    private const string Visual = "visual.onnx";
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("clip-faulty");

    public FaultyBundle() => Write(AddTrap);

    /// <summary>The directory that holds it.</summary>
    public string Root => _root.FullName;

    private string Folder => Path.Combine(Root, Id);

    /// <summary>Puts other bytes in the graph's place; what is loaded stays as it is.</summary>
    public void Damage() => Replace(Visual, RandomNumberGenerator.GetBytes((int)new FileInfo(Path.Combine(Folder, Visual)).Length));

    /// <summary>Puts the shipped graph in its place.</summary>
    public void Repair() => Write((graph, _) => graph);

    /// <inheritdoc/>
    public void Dispose() => _root.Delete(recursive: true);

    private static byte[] AddTrap(byte[] file, int size)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(file);
        GraphProto graph = model.Graph;
        graph.Initializer.Add(Numbers("trap.starts", size / 2, size / 2, 0));
        graph.Initializer.Add(Numbers("trap.ends", (size / 2) + 1, (size / 2) + 1, 1));
        graph.Initializer.Add(Numbers("trap.axes", 1, 2, 3));
        graph.Initializer.Add(Numbers("trap.most", 255));
        graph.Initializer.Add(Numbers("trap.one", 1));
        graph.Initializer.Add(Numbers("trap.count", 6));
        graph.Initializer.Add(Numbers("trap.table", new long[6]));
        graph.Node.Add(Node("Slice", "trap.pixel", graph.Input[0].Name, "trap.starts", "trap.ends", "trap.axes"));
        NodeProto cast = Node("Cast", "trap.red", "trap.pixel");
        cast.Attribute.Add(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (long)TensorProto.Types.DataType.Int64 });
        graph.Node.Add(cast);
        graph.Node.Add(Node("Div", "trap.white", "trap.red", "trap.most"));
        graph.Node.Add(Node("ReduceMax", "trap.any", "trap.white"));
        graph.Node.Add(Node("Reshape", "trap.flat", "trap.any", "trap.one"));
        graph.Node.Add(Node("Add", "trap.shape", "trap.flat", "trap.count"));
        graph.Node.Add(Node("Reshape", "trap", "trap.table", "trap.shape"));

        // An output, so that it is computed.
        graph.Output.Add(new ValueInfoProto
        {
            Name = "trap",
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Int64 } },
        });
        return model.ToByteArray();
    }

    private static NodeProto Node(string operation, string output, params string[] inputs)
    {
        NodeProto node = new() { OpType = operation, Name = output };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        return node;
    }

    private static TensorProto Numbers(string name, params long[] values)
    {
        TensorProto tensor = new()
        {
            Name = name,
            DataType = (int)TensorProto.Types.DataType.Int64,
            RawData = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>(values)),
        };
        tensor.Dims.Add(values.Length);
        return tensor;
    }

    private void Write(Func<byte[], int, byte[]> change)
    {
        Directory.CreateDirectory(Folder);
        foreach (string file in Directory.GetFiles(RepositoryPaths.DemoBundle))
        {
            Replace(Path.GetFileName(file), File.ReadAllBytes(file));
        }

        BundleManifest manifest = BundleManifest.Load(Path.Combine(Folder, BundleManifest.FileName));
        byte[] graph = change(File.ReadAllBytes(Path.Combine(Folder, Visual)), manifest.Preprocessing.Size);
        Replace(Visual, graph);
        manifest = manifest with
        {
            Id = Id,
            Files = [.. manifest.Files.Select(file => file.Name == Visual ? file with { Size = graph.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(graph)) } : file)],
        };
        Replace(BundleManifest.FileName, manifest.ToJson());
    }

    // By a rename: a file that is mapped into memory must not change.
    private void Replace(string name, byte[] content)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllBytes(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
    }
}
