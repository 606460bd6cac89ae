using System.Security.Cryptography;
using ClipFunctions.Checkpoints.Onnx.Proto;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Testing;
using Google.Protobuf;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>Bundles whose graph, with a manifest that fits it, wants more than to compute.</summary>
public sealed class MaliciousGraphTests : IDisposable
{
    private const string Visual = "visual.onnx";
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("../secret")]
    [InlineData("./../secret")]
    [InlineData("{0}")]
    [InlineData("link")]
    public async Task ConstantsAreReadFromNoFileOutsideTheBundlesFolder(string location)
    {
        // The very bytes that belong there: a graph that could reach them would load and give the right vectors.
        string secret = _folder["secret"];
        ModelBundle bundle = Bundle(graph =>
        {
            TensorProto tensor = graph.Initializer.First(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Float && tensor.RawData.Length > 4096);
            File.WriteAllBytes(secret, tensor.RawData.ToByteArray());
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = string.Format(System.Globalization.CultureInfo.InvariantCulture, location, secret) });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{tensor.RawData.Length}" });
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ClearRawData();
        });
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "link"), secret);

        await Assert.ThrowsAsync<InvalidBundleException>(() => LoadAsync(bundle));
    }

    [Theory]
    [InlineData("evil.example", "RunCommand")]
    [InlineData("com.microsoft", "NoSuchOperator")]
    [InlineData("ai.onnx.contrib", "StringRegexReplace")]
    public async Task OperatorsThatOnnxRuntimeDoesNotHaveAreRefusedAndNothingIsLoadedForThem(string domain, string operation)
    {
        ModelBundle bundle = Bundle(
            graph =>
            {
                NodeProto node = new() { Domain = domain, OpType = operation };
                node.Input.Add(graph.Input[0].Name);
                node.Output.Add("made");
                graph.Node.Add(node);
                graph.Output.Add(new ValueInfoProto { Name = "made", Type = graph.Output[0].Type });
            },
            domain);

        await Assert.ThrowsAsync<InvalidBundleException>(() => LoadAsync(bundle));
    }

    [Fact]
    public async Task TheSameGraphWithoutMaliceLoads()
    {
        using ClipModel model = await LoadAsync(Bundle(_ => { }));
        Assert.Equal(ModelTowers.Both, model.LoadedTowers);
    }

    private static Task<ClipModel> LoadAsync(ModelBundle bundle) => ClipModel.LoadAsync(bundle, new ClipModelOptions { Preload = ModelTowers.Both }, Token);

    private ModelBundle Bundle(Action<GraphProto> change, string? domain = null)
    {
        string folder = Directory.CreateDirectory(_folder["bundle"]).FullName;
        foreach (string file in Directory.GetFiles(RepositoryPaths.DemoBundle))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        string path = Path.Combine(folder, Visual);
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        change(model.Graph);
        if (domain is not null && model.OpsetImport.All(opset => opset.Domain != domain))
        {
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = 1 });
        }

        byte[] graph = model.ToByteArray();
        File.WriteAllBytes(path, graph);
        string manifest = Path.Combine(folder, BundleManifest.FileName);
        BundleManifest changed = BundleManifest.Load(manifest);
        changed = changed with { Files = [.. changed.Files.Select(file => file.Name == Visual ? file with { Size = graph.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(graph)) } : file)] };
        changed.Save(manifest);
        return ModelBundle.Open(folder);
    }
}
