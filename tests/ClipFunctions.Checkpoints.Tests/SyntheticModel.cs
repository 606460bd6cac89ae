using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>A CLIP model in openai's naming with seeded random weights.</summary>
public sealed class SyntheticModel
{
    private readonly Random _random;

    private SyntheticModel(int seed) => _random = new Random(seed);

    public Dictionary<string, (long[] Shape, float[] Values)> Tensors { get; } = new(StringComparer.Ordinal);

    public static SyntheticModel Transformer(int seed = 1, int embedding = 24, int width = 128, int layers = 2, int patch = 4, int grid = 3, int textWidth = 128, int textLayers = 2, int context = 12, int vocabulary = 520)
    {
        SyntheticModel model = new(seed);
        model.Add("visual.conv1.weight", width, 3, patch, patch);
        model.Add("visual.class_embedding", width);
        model.Add("visual.positional_embedding", (grid * grid) + 1, width);
        model.AddNorm("visual.ln_pre", width);
        model.AddBlocks("visual.transformer", width, layers);
        model.AddNorm("visual.ln_post", width);
        model.Add("visual.proj", width, embedding);
        model.AddText(embedding, textWidth, textLayers, context, vocabulary);
        return model;
    }

    public static SyntheticModel ResNet(int seed = 1, int embedding = 24, int width = 8, int grid = 2, int[]? layers = null, int textWidth = 64, int textLayers = 1, int context = 12, int vocabulary = 520)
    {
        SyntheticModel model = new(seed);
        layers ??= [2, 1, 2, 1];
        model.AddConvolution("visual.conv1", "visual.bn1", width / 2, 3, 3);
        model.AddConvolution("visual.conv2", "visual.bn2", width / 2, width / 2, 3);
        model.AddConvolution("visual.conv3", "visual.bn3", width, width / 2, 3);
        int inputs = width;
        for (int stage = 0; stage < 4; stage++)
        {
            int planes = width << stage;
            for (int block = 0; block < layers[stage]; block++)
            {
                string name = $"visual.layer{stage + 1}.{block}";
                model.AddConvolution($"{name}.conv1", $"{name}.bn1", planes, inputs, 1);
                model.AddConvolution($"{name}.conv2", $"{name}.bn2", planes, planes, 3);
                model.AddConvolution($"{name}.conv3", $"{name}.bn3", planes * 4, planes, 1);
                if (block == 0)
                {
                    model.AddConvolution($"{name}.downsample.0", $"{name}.downsample.1", planes * 4, inputs, 1);
                }

                inputs = planes * 4;
            }
        }

        model.Add("visual.attnpool.positional_embedding", (grid * grid) + 1, inputs);
        foreach (string part in new[] { "q", "k", "v" })
        {
            model.AddLinear($"visual.attnpool.{part}_proj", inputs, inputs);
        }

        model.AddLinear("visual.attnpool.c_proj", embedding, inputs);
        model.AddText(embedding, textWidth, textLayers, context, vocabulary);
        return model;
    }

    /// <summary>The safetensors file's bytes.</summary>
    public byte[] ToSafetensors()
    {
        Dictionary<string, object> header = [];
        long offset = 0;
        foreach ((string name, (long[] shape, float[] values)) in Tensors)
        {
            header.Add(name, new { dtype = "F32", shape, data_offsets = new[] { offset, offset + (values.Length * 4L) } });
            offset += values.Length * 4L;
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        using MemoryStream stream = new();
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        stream.Write(length);
        stream.Write(json);
        foreach ((_, float[] values) in Tensors.Values)
        {
            stream.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        return stream.ToArray();
    }

    /// <summary>Writes the checkpoint and a vocabulary that fits it into a folder; gives the checkpoint's path.</summary>
    public string Save(string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, "model.safetensors");
        File.WriteAllBytes(path, ToSafetensors());
        using GZipStream vocabulary = new(File.Create(Path.Combine(folder, "bpe_vocab.txt.gz")), CompressionLevel.Fastest);
        vocabulary.Write(Encoding.UTF8.GetBytes("#version: 0.2\nt h\nc a\nca t</w>\nd o\ndo g</w>\nth e</w>"));
        return path;
    }

    private void Add(string name, params int[] shape)
    {
        int count = shape.Aggregate(1, (product, dimension) => product * dimension);
        double scale = shape.Length > 1 ? 1 / Math.Sqrt((double)count / shape[0]) : 0.1;
        Tensors.Add(name, ([.. shape.Select(dimension => (long)dimension)], [.. Enumerable.Range(0, count).Select(_ => (float)(scale * Normal()))]));
    }

    private void AddPositive(string name, int width)
    {
        Add(name, width);
        float[] values = Tensors[name].Values;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = 1 + Math.Abs(values[i]);
        }
    }

    private void AddNorm(string name, int width)
    {
        AddPositive($"{name}.weight", width);
        Add($"{name}.bias", width);
    }

    private void AddLinear(string name, int outputs, int inputs)
    {
        Add($"{name}.weight", outputs, inputs);
        Add($"{name}.bias", outputs);
    }

    private void AddConvolution(string convolution, string norm, int outputs, int inputs, int kernel)
    {
        Add($"{convolution}.weight", outputs, inputs, kernel, kernel);
        AddNorm(norm, outputs);
        Add($"{norm}.running_mean", outputs);
        AddPositive($"{norm}.running_var", outputs);
    }

    private void AddBlocks(string prefix, int width, int layers)
    {
        for (int i = 0; i < layers; i++)
        {
            string block = $"{prefix}.resblocks.{i}";
            AddNorm($"{block}.ln_1", width);
            Add($"{block}.attn.in_proj_weight", 3 * width, width);
            Add($"{block}.attn.in_proj_bias", 3 * width);
            AddLinear($"{block}.attn.out_proj", width, width);
            AddNorm($"{block}.ln_2", width);
            AddLinear($"{block}.mlp.c_fc", 4 * width, width);
            AddLinear($"{block}.mlp.c_proj", width, 4 * width);
        }
    }

    private void AddText(int embedding, int width, int layers, int context, int vocabulary)
    {
        Add("token_embedding.weight", vocabulary, width);
        Add("positional_embedding", context, width);
        AddBlocks("transformer", width, layers);
        AddNorm("ln_final", width);
        Add("text_projection", width, embedding);
        Tensors.Add("logit_scale", ([], [3f]));
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
