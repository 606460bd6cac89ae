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

    /// <summary>A SigLIP model in the names that openai's layout would have for its parts.</summary>
    public static SyntheticModel Siglip(int seed = 1, int width = 64, int layers = 2, int patch = 4, int grid = 3, int textLayers = 2, int context = 12, int vocabulary = 520)
    {
        SyntheticModel model = new(seed);
        model.Add("visual.conv1.weight", width, 3, patch, patch);
        model.Add("visual.conv1.bias", width);
        model.Add("visual.positional_embedding", grid * grid, width);
        model.AddBlocks("visual.transformer", width, layers);
        model.AddNorm("visual.ln_post", width);
        model.Add("visual.attn_pool.probe", width);
        model.Add("visual.attn_pool.in_proj_weight", 3 * width, width);
        model.Add("visual.attn_pool.in_proj_bias", 3 * width);
        model.AddLinear("visual.attn_pool.out_proj", width, width);
        model.AddNorm("visual.attn_pool.ln", width);
        model.AddLinear("visual.attn_pool.mlp.c_fc", 4 * width, width);
        model.AddLinear("visual.attn_pool.mlp.c_proj", width, 4 * width);
        model.AddText(width, width, textLayers, context, vocabulary);
        model.Add("text_projection.bias", width);
        model.Tensors["logit_scale"] = ([1], [4.7f]);
        model.Tensors["logit_bias"] = ([1], [-12.5f]);
        return model;
    }

    /// <summary>The same model in Hugging Face's naming (<c>CLIPModel</c>, <c>SiglipModel</c>).</summary>
    public SyntheticModel InHuggingFaceNaming() => Renamed((name, shape, values) =>
    {
        string tower = name.StartsWith("visual.", StringComparison.Ordinal) ? "vision_model" : "text_model";
        if (name.Contains("resblocks", StringComparison.Ordinal))
        {
            string[] parts = name[(name.IndexOf("resblocks", StringComparison.Ordinal) + "resblocks.".Length)..].Split('.', 2);
            string block = $"{tower}.encoder.layers.{parts[0]}";
            return parts[1] switch
            {
                "attn.in_proj_weight" => Thirds($"{block}.self_attn", "weight", shape, values),
                "attn.in_proj_bias" => Thirds($"{block}.self_attn", "bias", shape, values),
                _ => [($"{block}.{parts[1].Replace("attn.", "self_attn.", StringComparison.Ordinal).Replace("ln_", "layer_norm", StringComparison.Ordinal).Replace("c_fc", "fc1", StringComparison.Ordinal).Replace("c_proj", "fc2", StringComparison.Ordinal)}", shape, values)],
            };
        }

        bool siglip = Tensors.ContainsKey("logit_bias");
        return name switch
        {
            "visual.conv1.weight" or "visual.conv1.bias" => [(name.Replace("visual.conv1", "vision_model.embeddings.patch_embedding", StringComparison.Ordinal), shape, values)],
            "visual.class_embedding" => [("vision_model.embeddings.class_embedding", shape, values)],
            "visual.positional_embedding" => [("vision_model.embeddings.position_embedding.weight", shape, values)],
            "visual.ln_pre.weight" or "visual.ln_pre.bias" => [(name.Replace("visual.ln_pre", "vision_model.pre_layrnorm", StringComparison.Ordinal), shape, values)],
            "visual.ln_post.weight" or "visual.ln_post.bias" => [(name.Replace("visual.ln_post", "vision_model.post_layernorm", StringComparison.Ordinal), shape, values)],
            "visual.proj" => [Transposed("visual_projection.weight", shape, values)],
            "visual.attn_pool.probe" => [("vision_model.head.probe", [1, 1, shape[0]], values)],
            "visual.attn_pool.in_proj_weight" or "visual.attn_pool.in_proj_bias" or "visual.attn_pool.out_proj.weight" or "visual.attn_pool.out_proj.bias" => [(name.Replace("visual.attn_pool", "vision_model.head.attention", StringComparison.Ordinal), shape, values)],
            _ when name.StartsWith("visual.attn_pool.", StringComparison.Ordinal) => [(name.Replace("visual.attn_pool", "vision_model.head", StringComparison.Ordinal).Replace(".ln.", ".layernorm.", StringComparison.Ordinal).Replace("c_fc", "fc1", StringComparison.Ordinal).Replace("c_proj", "fc2", StringComparison.Ordinal), shape, values)],
            "token_embedding.weight" => [("text_model.embeddings.token_embedding.weight", shape, values)],
            "positional_embedding" => [("text_model.embeddings.position_embedding.weight", shape, values)],
            "ln_final.weight" or "ln_final.bias" => [(name.Replace("ln_final", "text_model.final_layer_norm", StringComparison.Ordinal), shape, values)],
            "text_projection" => [Transposed(siglip ? "text_model.head.weight" : "text_projection.weight", shape, values)],
            "text_projection.bias" => [("text_model.head.bias", shape, values)],
            _ => [(name, shape, values)],
        };
    });

    /// <summary>The same model as open_clip keeps it with a timm trunk and custom text.</summary>
    public SyntheticModel InTrunkNaming() => Renamed((name, shape, values) =>
    {
        if (!name.StartsWith("visual.", StringComparison.Ordinal))
        {
            return name.StartsWith("logit_", StringComparison.Ordinal) ? [(name, shape, values)]
                : name == "text_projection" && Tensors.ContainsKey("text_projection.bias") ? [Transposed("text.text_projection.weight", shape, values)]
                : [($"text.{name}", shape, values)];
        }

        string rest = name["visual.".Length..]
            .Replace("transformer.resblocks", "blocks", StringComparison.Ordinal)
            .Replace("ln_1", "norm1", StringComparison.Ordinal)
            .Replace("ln_2", "norm2", StringComparison.Ordinal)
            .Replace("attn.in_proj_", "attn.qkv.", StringComparison.Ordinal)
            .Replace("out_proj", "proj", StringComparison.Ordinal)
            .Replace("c_fc", "fc1", StringComparison.Ordinal)
            .Replace("c_proj", "fc2", StringComparison.Ordinal)
            .Replace("conv1", "patch_embed.proj", StringComparison.Ordinal)
            .Replace("ln_pre", "norm_pre", StringComparison.Ordinal)
            .Replace("ln_post", "norm", StringComparison.Ordinal)
            .Replace("attn_pool.ln", "attn_pool.norm", StringComparison.Ordinal);
        switch (rest)
        {
            case "class_embedding":
                return [("visual.trunk.cls_token", [1, 1, shape[0]], values)];
            case "positional_embedding":
                return [("visual.trunk.pos_embed", [1, .. shape], values)];
            case "proj":
                return [Transposed("visual.head.proj.weight", shape, values)];
            case "attn_pool.probe":
                return [("visual.trunk.attn_pool.latent", [1, 1, shape[0]], values)];
            case "attn_pool.in_proj_weight" or "attn_pool.in_proj_bias":
                int third = values.Length / 3;
                string parameter = rest["attn_pool.in_proj_".Length..];
                return
                [
                    ($"visual.trunk.attn_pool.q.{parameter}", [shape[0] / 3, .. shape[1..]], values[..third]),
                    ($"visual.trunk.attn_pool.kv.{parameter}", [shape[0] / 3 * 2, .. shape[1..]], values[third..]),
                ];
            default:
                return [($"visual.trunk.{rest}", shape, values)];
        }
    });

    private static (string, long[], float[])[] Thirds(string block, string parameter, long[] shape, float[] values)
    {
        int third = values.Length / 3;
        return [.. "qkv".Select((part, i) => ($"{block}.{part}_proj.{parameter}", (long[])[shape[0] / 3, .. shape[1..]], values[(i * third)..((i + 1) * third)]))];
    }

    private static (string, long[], float[]) Transposed(string name, long[] shape, float[] values)
    {
        int rows = (int)shape[0];
        int columns = (int)shape[1];
        float[] result = new float[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            result[(i % columns * rows) + (i / columns)] = values[i];
        }

        return (name, [columns, rows], result);
    }

    private static SyntheticModel Renamed(Dictionary<string, (long[] Shape, float[] Values)> tensors, Func<string, long[], float[], (string, long[], float[])[]> rename)
    {
        SyntheticModel model = new(0);
        foreach ((string name, (long[] shape, float[] values)) in tensors)
        {
            foreach ((string newName, long[] newShape, float[] newValues) in rename(name, shape, values))
            {
                model.Tensors.Add(newName, (newShape, newValues));
            }
        }

        return model;
    }

    private SyntheticModel Renamed(Func<string, long[], float[], (string, long[], float[])[]> rename) => Renamed(Tensors, rename);

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
