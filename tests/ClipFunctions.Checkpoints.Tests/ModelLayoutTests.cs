using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Layouts;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Tests;

public class ModelLayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void ATransformersSizesComeFromItsShapes()
    {
        ClipArchitecture architecture = Infer(SyntheticModel.Transformer(embedding: 40, width: 192, layers: 3, patch: 8, grid: 4, textWidth: 128, textLayers: 2, context: 20, vocabulary: 530));
        Assert.Equal(40, architecture.EmbeddingDimension);
        Assert.Equal(ActivationKind.QuickGelu, architecture.Activation);
        Assert.Equal(VisionKind.VisionTransformer, architecture.Vision.Kind);
        Assert.Equal((32, 8, 192, 3, 768), (architecture.Vision.ImageSize, architecture.Vision.PatchSize, architecture.Vision.Width, architecture.Vision.Heads, architecture.Vision.MlpWidth));
        Assert.Equal([3], architecture.Vision.Layers);
        Assert.Equal((20, 530, 128, 2, 2, 512), (architecture.Text.ContextLength, architecture.Text.VocabularySize, architecture.Text.Width, architecture.Text.Layers, architecture.Text.Heads, architecture.Text.MlpWidth));
        Assert.Equal(TextPooling.ArgMax, architecture.Text.Pooling);
    }

    [Fact]
    public void AResnetsSizesComeFromItsShapes()
    {
        VisionArchitecture vision = Infer(SyntheticModel.ResNet(width: 12, grid: 3, layers: [1, 2, 3, 1])).Vision;
        Assert.Equal(VisionKind.ModifiedResNet, vision.Kind);
        Assert.Equal([1, 2, 3, 1], vision.Layers);
        Assert.Equal((96, 12, 6), (vision.ImageSize, vision.Width, vision.Heads));
    }

    [Fact]
    public void BuffersArePassedOver()
    {
        SyntheticModel model = SyntheticModel.ResNet();
        model.Tensors.Add("visual.bn1.num_batches_tracked", ([], [1]));
        model.Tensors.Add("visual.layer1.0.downsample.1.num_batches_tracked", ([], [1]));
        model.Tensors.Add("input_resolution", ([], [64]));
        model.Tensors.Add("context_length", ([], [12]));
        model.Tensors.Add("vocab_size", ([], [520]));
        Assert.Equal(64, Infer(model).Vision.ImageSize);
    }

    [Fact]
    public void AMissingTensorIsNamedWhicheverItIs()
    {
        foreach (SyntheticModel model in new[] { SyntheticModel.Transformer(), SyntheticModel.ResNet() })
        {
            foreach (string name in model.Tensors.Keys.ToArray())
            {
                (long[], float[]) tensor = model.Tensors[name];
                model.Tensors.Remove(name);
                InvalidCheckpointException exception = Assert.Throws<InvalidCheckpointException>(() => Infer(model));

                // Without visual.proj a transformer looks like a ResNet, and a missing block number like fewer blocks.
                Assert.NotNull(exception.Item);
                model.Tensors[name] = tensor;
            }
        }
    }

    [Fact]
    public void AWrongShapeIsNamedWithExpectedAndActual()
    {
        SyntheticModel model = SyntheticModel.Transformer();
        model.Tensors["transformer.resblocks.1.mlp.c_proj.bias"] = ([127], new float[127]);
        InvalidCheckpointException exception = Assert.Throws<InvalidCheckpointException>(() => Infer(model));
        Assert.Equal("transformer.resblocks.1.mlp.c_proj.bias", exception.Item);
        Assert.Contains("expected [128], found [127]", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownTensorIsNamed()
    {
        SyntheticModel model = SyntheticModel.Transformer();
        model.Tensors.Add("visual.head.weight", ([2, 3], new float[6]));
        InvalidCheckpointException exception = Assert.Throws<InvalidCheckpointException>(() => Infer(model));
        Assert.Equal("visual.head.weight", exception.Item);
        Assert.Contains("[2, 3] is no tensor of this model", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PositionsThatMakeNoSquareAreRefused()
    {
        SyntheticModel model = SyntheticModel.Transformer();
        model.Tensors["visual.positional_embedding"] = ([9, 128], new float[9 * 128]);
        Assert.Contains("found 9", Assert.Throws<InvalidCheckpointException>(() => Infer(model)).Message, StringComparison.Ordinal);
    }

    private ClipArchitecture Infer(SyntheticModel model)
    {
        string path = _folder["model.safetensors"];
        File.WriteAllBytes(path, model.ToSafetensors());
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.True(file.Tensors.Count > 0);
        return ModelLayout.Read(file).Architecture;
    }
}
