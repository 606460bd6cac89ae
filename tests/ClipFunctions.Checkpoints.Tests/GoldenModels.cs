using System.Collections.Concurrent;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Testing;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>The reference's models and what it computed with them.</summary>
public static class GoldenModels
{
    private const string Folder = "model";
    private static readonly ConcurrentDictionary<(string, string, GraphInputKind, ActivationKind?, WeightStorage, ModelPrecision), Lazy<Task<ModelBundle>>> Bundles = new();
    private static readonly TemporaryFolder Temporary = new();

    /// <summary>Every model in openai's naming: model folder and file; one empty row where there are none, so that the tests report themselves skipped.</summary>
    /// <param name="output">Only models for which this output is stored.</param>
    public static TheoryData<string, string> Checkpoints(string? output = null)
    {
        TheoryData<string, string> data = [];
        if (GoldenData.Has(Folder))
        {
            foreach (string model in Directory.GetDirectories(Path.Combine(GoldenData.Root, Folder)).Order(StringComparer.Ordinal))
            {
                if (Has(Path.Combine(model, "io.safetensors"), output))
                {
                    foreach (string file in Directory.GetFiles(model, "openai*.safetensors").Order(StringComparer.Ordinal))
                    {
                        data.Add(Path.GetFileName(model), Path.GetFileName(file));
                    }
                }
            }
        }

        if (data.Count == 0)
        {
            data.Add("", "");
        }

        return data;
    }

    /// <summary>
    /// Every file of weights of every model, in whichever form and naming, with each of the configurations that lie beside it in a
    /// folder of its own (none for files that lie beside the outputs): model folder, file, configuration.
    /// </summary>
    public static TheoryData<string, string, string> EveryForm()
    {
        TheoryData<string, string, string> data = [];
        if (GoldenData.Has(Folder))
        {
            foreach (string model in Directory.GetDirectories(Path.Combine(GoldenData.Root, Folder)).Order(StringComparer.Ordinal))
            {
                if (!File.Exists(Path.Combine(model, "io.safetensors")))
                {
                    continue;
                }

                foreach (string file in Directory.GetFiles(model, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                {
                    if (Path.GetExtension(file) is not (".safetensors" or ".pt" or ".bin") || Path.GetFileName(file) == "io.safetensors")
                    {
                        continue;
                    }

                    string folder = Path.GetDirectoryName(file)!;
                    string[] configurations = folder == model ? [""] : [.. Directory.GetFiles(folder, "*config*.json").Where(json => !Path.GetFileName(json).StartsWith("preprocessor", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
                    foreach (string configuration in configurations)
                    {
                        data.Add(Path.GetFileName(model), Path.GetRelativePath(model, file), configuration.Length == 0 ? "" : Path.GetRelativePath(model, configuration));
                    }
                }
            }
        }

        if (data.Count == 0)
        {
            data.Add("", "", "");
        }

        return data;
    }

    private static bool Has(string outputs, string? output)
    {
        if (output is null || !File.Exists(outputs))
        {
            return File.Exists(outputs);
        }

        using SafetensorsFile file = SafetensorsFile.Open(outputs);
        return file.Tensors.ContainsKey(output);
    }

    public static string FileOf(string model, string file) => GoldenData.Require(model.Length == 0 ? "model/*/openai.safetensors" : $"{Folder}/{model}/{file}");

    public static SafetensorsFile Outputs(string model) => SafetensorsFile.Open(FileOf(model, "io.safetensors"));

    public static Task<ModelBundle> ConvertAsync(
        string model,
        string file,
        GraphInputKind input = GraphInputKind.PixelsFloat32Nchw,
        ActivationKind? activation = ActivationKind.QuickGelu,
        WeightStorage weights = WeightStorage.Fp32,
        ModelPrecision precision = ModelPrecision.Fp32,
        string configuration = "")
    {
        string source = FileOf(model, file);
        string? configurationFile = configuration.Length == 0 ? null : FileOf(model, configuration);
        return Bundles.GetOrAdd((source, configuration, input, activation, weights, precision), key => new Lazy<Task<ModelBundle>>(() => CheckpointConverter.ConvertAsync(
            source,
            Path.Combine(Temporary.Path, Guid.NewGuid().ToString("N")),
            new ConversionOptions { VisionInput = input, Activation = activation, Weights = weights, Precision = precision, ConfigurationFile = configurationFile, TokenizerFiles = [] }))).Value;
    }

    public static float[] Floats(SafetensorsFile file, string name)
    {
        TensorInfo tensor = file.Tensors[name];
        float[] values = new float[tensor.Count];
        file.Read(tensor, 0, values);
        return values;
    }

    public static EmbeddingMatrix Matrix(SafetensorsFile file, string name)
        => new(Floats(file, name), (int)file.Tensors[name].Shape[0], (int)file.Tensors[name].Shape[1]);

    public static int[] Integers(SafetensorsFile file, string name) => [.. Floats(file, name).Select(value => (int)value)];
}
