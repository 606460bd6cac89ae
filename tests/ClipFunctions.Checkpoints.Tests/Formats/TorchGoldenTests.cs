using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Testing;

namespace ClipFunctions.Checkpoints.Tests.Formats;

[Trait("Category", GoldenData.Category)]
public class TorchGoldenTests
{
    private const string Folder = "model";

    // TorchScript archives of openai/CLIP hold these three numbers beside the weights; state dicts do not.
    private static readonly string[] JitNumbers = ["input_resolution", "context_length", "vocab_size"];

    /// <summary>Every file of PyTorch with a safetensors file of the same model.</summary>
    /// <param name="pattern">Which safetensors files.</param>
    public static TheoryData<string, string> Files(string pattern)
    {
        TheoryData<string, string> data = [];
        if (GoldenData.Has(Folder))
        {
            foreach (string model in Directory.GetDirectories(Path.Combine(GoldenData.Root, Folder)).Order(StringComparer.Ordinal))
            {
                foreach (string file in Directory.GetFiles(model, "*.pt").Order(StringComparer.Ordinal))
                {
                    foreach (string other in Directory.GetFiles(model, pattern).Order(StringComparer.Ordinal))
                    {
                        data.Add(Path.GetRelativePath(GoldenData.Root, file), Path.GetRelativePath(GoldenData.Root, other));
                    }
                }
            }
        }

        if (data.Count == 0)
        {
            data.Add("model/*/*.pt", "model/*/openai.safetensors");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Files), "openai*.safetensors")]
    public void EveryFileOfPyTorchHasTheValuesOfTheSameModelsSafetensors(string torchFile, string safetensorsFile)
    {
        using ICheckpoint torch = CheckpointFile.Open(GoldenData.Require(torchFile));
        using ICheckpoint expected = CheckpointFile.Open(GoldenData.Require(safetensorsFile));
        Assert.IsType<TorchFile>(torch);
        Assert.IsType<SafetensorsFile>(expected);
        Assert.Equal(expected.Tensors.Keys.Except(JitNumbers).Order(StringComparer.Ordinal), torch.Tensors.Keys.Except(JitNumbers).Order(StringComparer.Ordinal));
        foreach (TensorInfo tensor in expected.Tensors.Values)
        {
            TensorInfo own = torch.Tensors[tensor.Name];
            Assert.Equal(tensor.Shape, own.Shape);
            Assert.Equal(Read(expected, tensor), Read(torch, own));
        }
    }

    [Theory]
    [MemberData(nameof(Files), "openai_fp16.safetensors")]
    public void ElementTypesAreThoseOfTheReleasedFiles(string torchFile, string safetensorsFile)
    {
        using ICheckpoint torch = CheckpointFile.Open(GoldenData.Require(torchFile));
        using ICheckpoint expected = CheckpointFile.Open(GoldenData.Require(safetensorsFile));
        Assert.Equal(expected.Tensors.Values.Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal), torch.Tensors.Values.Where(tensor => !JitNumbers.Contains(tensor.Name)).Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal));
    }

    private static float[] Read(ICheckpoint checkpoint, TensorInfo tensor)
    {
        float[] values = new float[tensor.Count];
        checkpoint.Read(tensor, 0, values);
        return values;
    }
}
