using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ClipFunctions.Benchmarks;

/// <summary>A safetensors file in openai's naming with a published model's true sizes and seeded random weights, spread as <c>initialize_parameters</c> of openai/CLIP spreads them.</summary>
internal sealed class TrueSizeCheckpoint
{
    // The reference begins a residual branch's last norm at 0; at 1 the sums would grow with every block until the attention pool saturates.
    private const double ResidualGain = 0.2;

    private readonly List<(string Name, long[] Shape, double Mean, double Deviation)> _tensors = [];

    private TrueSizeCheckpoint()
    {
    }

    public static IReadOnlyList<string> Names => ["ViT-B/32", "ViT-B/16", "ViT-L/14", "RN50", "ViT-H/14 (2 layers)"];

    /// <summary>A model's name as a file's.</summary>
    public static string FileName(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');

    public static TrueSizeCheckpoint Of(string name)
    {
        TrueSizeCheckpoint checkpoint = new();
        switch (name)
        {
            case "ViT-B/32":
                checkpoint.AddVision(512, 768, 12, 32, 7);
                checkpoint.AddText(512, 512, 12);
                break;
            case "ViT-B/16":
                checkpoint.AddVision(512, 768, 12, 16, 14);
                checkpoint.AddText(512, 512, 12);
                break;
            case "ViT-L/14":
                checkpoint.AddVision(768, 1024, 24, 14, 16);
                checkpoint.AddText(768, 768, 12);
                break;
            case "ViT-H/14 (2 layers)":
                checkpoint.AddVision(1024, 1280, 2, 14, 16);
                checkpoint.AddText(1024, 1024, 2);
                break;
            case "RN50":
                checkpoint.AddResNet(1024, 64, [3, 4, 6, 3], 7);
                checkpoint.AddText(1024, 512, 12);
                break;
            default:
                throw new ArgumentException($"'{name}' is none of {string.Join(", ", Names)}.", nameof(name));
        }

        return checkpoint;
    }

    /// <summary>Writes the file, a tensor at a time.</summary>
    public void Write(string path, int seed = 1)
    {
        Dictionary<string, object> header = [];
        long offset = 0;
        foreach ((string name, long[] shape, _, _) in _tensors)
        {
            long bytes = 4 * shape.Aggregate(1L, (product, dimension) => product * dimension);
            header.Add(name, new { dtype = "F32", shape, data_offsets = new[] { offset, offset + bytes } });
            offset += bytes;
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        using FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        stream.Write(length);
        stream.Write(json);
        Random random = new(seed);
        float[] piece = new float[1 << 16];
        foreach ((_, long[] shape, double mean, double deviation) in _tensors)
        {
            long count = shape.Aggregate(1L, (product, dimension) => product * dimension);
            for (long done = 0; done < count; done += piece.Length)
            {
                Span<float> values = piece.AsSpan(0, (int)Math.Min(piece.Length, count - done));
                for (int i = 0; i < values.Length; i++)
                {
                    // The sum of four is close to normal, with a variance of 1/3.
                    double sum = random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2;
                    values[i] = (float)(mean + (deviation * Math.Sqrt(3) * sum));
                }

                stream.Write(MemoryMarshal.AsBytes(values));
            }
        }
    }

    private void Add(string name, double deviation, params long[] shape) => _tensors.Add((name, shape, 0, deviation));

    private void AddNorm(string name, long width)
    {
        _tensors.Add(($"{name}.weight", [width], 1, 0.05));
        Add($"{name}.bias", 0.05, width);
    }

    private void AddBlocks(string prefix, long width, int layers)
    {
        double attention = Math.Pow(width, -0.5);
        double projection = attention * Math.Pow(2 * layers, -0.5);
        for (int i = 0; i < layers; i++)
        {
            string block = $"{prefix}.resblocks.{i}";
            AddNorm($"{block}.ln_1", width);
            Add($"{block}.attn.in_proj_weight", attention, 3 * width, width);
            Add($"{block}.attn.in_proj_bias", 0.02, 3 * width);
            Add($"{block}.attn.out_proj.weight", projection, width, width);
            Add($"{block}.attn.out_proj.bias", 0.02, width);
            AddNorm($"{block}.ln_2", width);
            Add($"{block}.mlp.c_fc.weight", Math.Pow(2 * width, -0.5), 4 * width, width);
            Add($"{block}.mlp.c_fc.bias", 0.02, 4 * width);
            Add($"{block}.mlp.c_proj.weight", projection, width, 4 * width);
            Add($"{block}.mlp.c_proj.bias", 0.02, width);
        }
    }

    private void AddVision(long embedding, long width, int layers, long patch, long grid)
    {
        double scale = Math.Pow(width, -0.5);
        Add("visual.conv1.weight", Math.Pow(3 * patch * patch, -0.5), width, 3, patch, patch);
        Add("visual.class_embedding", scale, width);
        Add("visual.positional_embedding", scale, (grid * grid) + 1, width);
        AddNorm("visual.ln_pre", width);
        AddBlocks("visual.transformer", width, layers);
        AddNorm("visual.ln_post", width);
        Add("visual.proj", scale, width, embedding);
    }

    private void AddText(long embedding, long width, int layers)
    {
        Add("token_embedding.weight", 0.02, 49408, width);
        Add("positional_embedding", 0.01, 77, width);
        AddBlocks("transformer", width, layers);
        AddNorm("ln_final", width);
        Add("text_projection", Math.Pow(width, -0.5), width, embedding);
        _tensors.Add(("logit_scale", [], Math.Log(100), 0));
    }

    private void AddConvolution(string convolution, string norm, long outputs, long inputs, long kernel, double gain = 1)
    {
        Add($"{convolution}.weight", Math.Pow(inputs * kernel * kernel / 2.0, -0.5), outputs, inputs, kernel, kernel);
        _tensors.Add(($"{norm}.weight", [outputs], gain, 0.05 * gain));
        Add($"{norm}.bias", 0.05, outputs);
        Add($"{norm}.running_mean", 0.05, outputs);
        _tensors.Add(($"{norm}.running_var", [outputs], 1, 0.05));
    }

    private void AddResNet(long embedding, long width, int[] layers, long grid)
    {
        AddConvolution("visual.conv1", "visual.bn1", width / 2, 3, 3);
        AddConvolution("visual.conv2", "visual.bn2", width / 2, width / 2, 3);
        AddConvolution("visual.conv3", "visual.bn3", width, width / 2, 3);
        long inputs = width;
        for (int stage = 0; stage < 4; stage++)
        {
            long planes = width << stage;
            for (int block = 0; block < layers[stage]; block++)
            {
                string name = $"visual.layer{stage + 1}.{block}";
                AddConvolution($"{name}.conv1", $"{name}.bn1", planes, inputs, 1);
                AddConvolution($"{name}.conv2", $"{name}.bn2", planes, planes, 3);
                AddConvolution($"{name}.conv3", $"{name}.bn3", planes * 4, planes, 1, ResidualGain);
                if (block == 0)
                {
                    AddConvolution($"{name}.downsample.0", $"{name}.downsample.1", planes * 4, inputs, 1);
                }

                inputs = planes * 4;
            }
        }

        double scale = Math.Pow(inputs, -0.5);
        Add("visual.attnpool.positional_embedding", scale, (grid * grid) + 1, inputs);
        foreach (string part in new[] { "q", "k", "v" })
        {
            Add($"visual.attnpool.{part}_proj.weight", scale, inputs, inputs);
            Add($"visual.attnpool.{part}_proj.bias", 0.02, inputs);
        }

        Add("visual.attnpool.c_proj.weight", scale, embedding, inputs);
        Add("visual.attnpool.c_proj.bias", 0.02, embedding);
    }
}
