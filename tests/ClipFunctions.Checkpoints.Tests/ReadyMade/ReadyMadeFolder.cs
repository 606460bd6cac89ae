using System.Text.Json.Nodes;
using ClipFunctions.Checkpoints.Onnx.Proto;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Tokenization;
using Google.Protobuf;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Tests.ReadyMade;

/// <summary>Turns bundles of our own into folders as immich and Hugging Face's exporters lay them out: the same graphs under their names and with their inputs.</summary>
internal static class ReadyMadeFolder
{
    public const int Context = 12;
    public const int Vocabulary = 520;

    /// <summary>A bundle of a seeded model whose vision graph takes floats, as exporters' do.</summary>
    public static async Task<ModelBundle> ConvertAsync(TemporaryFolder folder, bool resnet, CancellationToken cancellationToken)
    {
        SyntheticModel model = resnet ? SyntheticModel.ResNet() : SyntheticModel.Transformer();
        string name = folder[Guid.NewGuid().ToString("N")];
        model.Save(name + "-source");
        return await CheckpointConverter.ConvertAsync(name + "-source", name, new ConversionOptions { VisionInput = GraphInputKind.PixelsFloat32Nchw, Id = "own" }, cancellationToken: cancellationToken);
    }

    /// <summary>immich: one item at a time, int32 tokens, normalised outputs.</summary>
    public static string WriteImmich(ModelBundle bundle, string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "visual"));
        Directory.CreateDirectory(Path.Combine(folder, "textual"));
        ModelProto visual = Read(bundle, "visual.onnx");
        Rename(visual, "pixels", "image");
        NormalizeOutput(visual, "embedding");
        Fix(visual.Graph.Input[0], 0, 1);
        Write(visual, Path.Combine(folder, "visual/model.onnx"));

        ModelProto textual = Read(bundle, "textual.onnx");
        Rename(textual, "tokens", "text");
        NormalizeOutput(textual, "embedding");
        Fix(textual.Graph.Input[0], 0, 1);
        Fix(textual.Graph.Input[0], 1, Context);
        Write(textual, Path.Combine(folder, "textual/model.onnx"));

        VisionArchitecture vision = bundle.Manifest.Architecture.Vision;
        TextArchitecture text = bundle.Manifest.Architecture.Text;
        JsonObject visionConfiguration = new() { ["image_size"] = vision.ImageSize, ["width"] = vision.Width, ["layers"] = vision.Layers.Count == 1 ? (JsonNode)vision.Layers[0] : new JsonArray([.. vision.Layers.Select(n => (JsonNode)n)]), ["patch_size"] = vision.PatchSize };
        Save(folder, "config.json", new JsonObject
        {
            ["embed_dim"] = bundle.Manifest.Architecture.EmbeddingDimension,
            ["vision_cfg"] = visionConfiguration,
            ["text_cfg"] = new JsonObject { ["context_length"] = text.ContextLength, ["vocab_size"] = text.VocabularySize, ["width"] = text.Width, ["heads"] = text.Heads, ["layers"] = text.Layers },
        });
        Save(folder, "visual/preprocess_cfg.json", new JsonObject
        {
            ["size"] = new JsonArray(vision.ImageSize, vision.ImageSize),
            ["mode"] = "RGB",
            ["mean"] = Numbers(PreprocessingSpec.OpenAiMean),
            ["std"] = Numbers(PreprocessingSpec.OpenAiStd),
            ["interpolation"] = "bicubic",
            ["resize_mode"] = "shortest",
            ["fill_color"] = 0,
        });
        Save(folder, "textual/tokenizer.json", TokenizerJson(bundle));
        Save(folder, "textual/tokenizer_config.json", new JsonObject { ["pad_token"] = "<|endoftext|>" });
        return folder;
    }

    /// <summary>Hugging Face: free dimensions, int64 tokens, an attention mask, more outputs than one.</summary>
    public static string WriteHuggingFace(ModelBundle bundle, string folder, string ending = "")
    {
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        ModelProto visual = Read(bundle, "visual.onnx");
        Rename(visual, "pixels", "pixel_values");
        Rename(visual, "embedding", "image_embeds");
        for (int i = 0; i < 4; i++)
        {
            visual.Graph.Input[0].Type.TensorType.Shape.Dim[i] = new TensorShapeProto.Types.Dimension { DimParam = $"dimension{i}" };
        }

        AddHiddenState(visual, "pixel_values");
        Write(visual, Path.Combine(folder, $"onnx/vision_model{ending}.onnx"));

        // The tokens come as int64 and times the mask, so that a wrong mask shows.
        ModelProto textual = Read(bundle, "textual.onnx");
        Rename(textual, "embedding", "text_embeds");
        ValueInfoProto tokens = textual.Graph.Input[0];
        tokens.Name = "input_ids";
        tokens.Type.TensorType.ElemType = (int)DataType.Int64;
        ValueInfoProto mask = tokens.Clone();
        mask.Name = "attention_mask";
        textual.Graph.Input.Add(mask);
        Prepend(textual,
            new NodeProto { OpType = "Mul", Input = { "input_ids", "attention_mask" }, Output = { "masked" } },
            new NodeProto { OpType = "Cast", Input = { "masked" }, Output = { "tokens" }, Attribute = { new AttributeProto { Name = "to", I = (int)DataType.Int32, Type = AttributeProto.Types.AttributeType.Int } } });
        AddHiddenState(textual, "input_ids");
        Write(textual, Path.Combine(folder, $"onnx/text_model{ending}.onnx"));

        VisionArchitecture vision = bundle.Manifest.Architecture.Vision;
        TextArchitecture text = bundle.Manifest.Architecture.Text;
        Save(folder, "config.json", new JsonObject
        {
            ["model_type"] = "clip",
            ["projection_dim"] = bundle.Manifest.Architecture.EmbeddingDimension,
            ["vision_config"] = new JsonObject { ["hidden_size"] = vision.Width, ["image_size"] = vision.ImageSize, ["patch_size"] = vision.PatchSize, ["num_hidden_layers"] = vision.Layers[0], ["num_attention_heads"] = vision.Heads, ["intermediate_size"] = vision.MlpWidth },
            ["text_config"] = new JsonObject { ["hidden_size"] = text.Width, ["max_position_embeddings"] = text.ContextLength, ["vocab_size"] = text.VocabularySize, ["num_hidden_layers"] = text.Layers, ["num_attention_heads"] = text.Heads, ["eos_token_id"] = Vocabulary - 1 },
        });
        Save(folder, "preprocessor_config.json", new JsonObject
        {
            ["crop_size"] = new JsonObject { ["height"] = vision.ImageSize, ["width"] = vision.ImageSize },
            ["size"] = new JsonObject { ["shortest_edge"] = vision.ImageSize },
            ["image_mean"] = Numbers(PreprocessingSpec.OpenAiMean),
            ["image_std"] = Numbers(PreprocessingSpec.OpenAiStd),
            ["resample"] = 3,
            ["do_normalize"] = true,
        });
        JsonNode tokenizer = TokenizerJson(bundle);
        Save(folder, "vocab.json", tokenizer["model"]!["vocab"]!.DeepClone());
        File.WriteAllLines(Path.Combine(folder, "merges.txt"), ["#version: 0.2", .. tokenizer["model"]!["merges"]!.AsArray().Select(merge => merge!.GetValue<string>())]);
        return folder;
    }

    public static void Save(string folder, string name, JsonNode json) => File.WriteAllText(Path.Combine(folder, name), json.ToJsonString());

    /// <summary>Changes an entry of a JSON file; null takes it away.</summary>
    public static void Change(string path, string entry, JsonNode? value)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(path))!;
        string[] names = entry.Split('.');
        JsonObject parent = names[..^1].Aggregate(root, (node, name) => node[name]!).AsObject();
        parent.Remove(names[^1]);
        if (value is not null)
        {
            parent[names[^1]] = value;
        }

        File.WriteAllText(path, root.ToJsonString());
    }

    public static void Change(string path, Action<ModelProto> change)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        change(model);
        Write(model, path);
    }

    public static void Fix(ValueInfoProto value, int dimension, long size) => value.Type.TensorType.Shape.Dim[dimension] = new TensorShapeProto.Types.Dimension { DimValue = size };

    public static void Write(ModelProto model, string path) => File.WriteAllBytes(path, model.ToByteArray());

    private static ModelProto Read(ModelBundle bundle, string name) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(bundle.PathOf(name)));

    private static void Rename(ModelProto model, string from, string to)
    {
        foreach (NodeProto node in model.Graph.Node)
        {
            Replace(node.Input);
            Replace(node.Output);
        }

        foreach (ValueInfoProto value in model.Graph.Input.Concat(model.Graph.Output).Where(value => value.Name == from))
        {
            value.Name = to;
        }

        void Replace(IList<string> names)
        {
            for (int i = 0; i < names.Count; i++)
            {
                names[i] = names[i] == from ? to : names[i];
            }
        }
    }

    private static void NormalizeOutput(ModelProto model, string output)
    {
        NodeProto last = model.Graph.Node.Single(node => node.Output.Contains(output));
        last.Output[last.Output.IndexOf(output)] = "raw";
        model.Graph.Node.Add(new NodeProto
        {
            OpType = "LpNormalization",
            Input = { "raw" },
            Output = { output },
            Attribute = { new AttributeProto { Name = "axis", I = -1, Type = AttributeProto.Types.AttributeType.Int }, new AttributeProto { Name = "p", I = 2, Type = AttributeProto.Types.AttributeType.Int } },
        });
    }

    private static void AddHiddenState(ModelProto model, string source)
    {
        model.Graph.Node.Add(new NodeProto { OpType = "Cast", Input = { source }, Output = { "last_hidden_state" }, Attribute = { new AttributeProto { Name = "to", I = (int)DataType.Float, Type = AttributeProto.Types.AttributeType.Int } } });
        ValueInfoProto output = model.Graph.Input[0].Clone();
        output.Name = "last_hidden_state";
        output.Type.TensorType.ElemType = (int)DataType.Float;
        model.Graph.Output.Insert(0, output);
    }

    private static void Prepend(ModelProto model, params NodeProto[] nodes)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            model.Graph.Node.Insert(i, nodes[i]);
        }
    }

    private static JsonArray Numbers(IReadOnlyList<float> numbers) => new([.. numbers.Select(number => (JsonNode)number)]);

    private static JsonObject TokenizerJson(ModelBundle bundle)
    {
        ClipTokenizer tokenizer = ClipTokenizer.Load(bundle.PathOf("bpe_vocab.txt.gz"));
        string[] symbols = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.Symbol)];
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. symbols.TakeLast(2).Select((text, i) => (JsonNode)new JsonObject { ["id"] = symbols.Length - 2 + i, ["content"] = text, ["special"] = true })]),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["end_of_word_suffix"] = "</w>",
                ["vocab"] = new JsonObject(symbols.Select((text, id) => KeyValuePair.Create(text, (JsonNode?)id))),
                ["merges"] = new JsonArray("t h", "c a", "ca t</w>", "d o", "do g</w>", "th e</w>"),
            },
        };
    }
}
