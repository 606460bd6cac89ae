using System.Text.Json.Nodes;
using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Testing;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Tests.ReadyMade;

/// <summary>Folders of ready-made models whose graphs have a few hundred bytes: an embedding of the mean colour, one of the tokens' sum.</summary>
internal static class TinyTowers
{
    private const int Side = 12;
    private const int Context = 8;
    private const int Dimension = 4;

    public static string WriteImmich(string folder, bool sigmoid = false)
    {
        Directory.CreateDirectory(Path.Combine(folder, "visual"));
        Directory.CreateDirectory(Path.Combine(folder, "textual"));
        Write(Vision("image", 1, "embedding"), Path.Combine(folder, "visual/model.onnx"));
        Write(Text("text", DataType.Int32, 1, Context, "embedding", false), Path.Combine(folder, "textual/model.onnx"));
        JsonObject text = new() { ["context_length"] = Context, ["vocab_size"] = 64, ["width"] = 8, ["heads"] = 2, ["layers"] = 1 };
        JsonObject configuration = new()
        {
            ["embed_dim"] = Dimension,
            ["vision_cfg"] = new JsonObject { ["image_size"] = Side, ["width"] = 8, ["layers"] = 1, ["patch_size"] = 4 },
            ["text_cfg"] = text,
        };
        if (sigmoid)
        {
            // As open_clip's ViT-B-16-SigLIP has it.
            configuration["init_logit_bias"] = -10;
            configuration["vision_cfg"] = new JsonObject { ["image_size"] = Side, ["timm_model_name"] = "vit_base_patch4_siglip_12", ["timm_pool"] = "map", ["timm_proj"] = "none" };
            text["hf_tokenizer_name"] = "timm/ViT-B-16-SigLIP";
            text["tokenizer_kwargs"] = new JsonObject { ["clean"] = "canonicalize" };
            text["no_causal_mask"] = true;
            text["pool_type"] = "last";
            File.WriteAllBytes(Path.Combine(folder, "textual/spiece.model"), SentencePieceFile.Unigram.Write());
            ReadyMadeFolder.Save(folder, "textual/tokenizer_config.json", new JsonObject { ["tokenizer_class"] = "T5Tokenizer", ["pad_token"] = "</s>" });
        }

        ReadyMadeFolder.Save(folder, "config.json", configuration);
        ReadyMadeFolder.Save(folder, "visual/preprocess_cfg.json", new JsonObject { ["size"] = Side, ["mean"] = new JsonArray(0.5, 0.5, 0.5), ["std"] = new JsonArray(0.5, 0.5, 0.5), ["resize_mode"] = "squash", ["interpolation"] = "bicubic" });
        return folder;
    }

    public static string WriteHuggingFaceSiglip(string folder, bool gemma)
    {
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        Write(Vision("pixel_values", "batch", "pooler_output"), Path.Combine(folder, "onnx/vision_model.onnx"));
        Write(Text("input_ids", DataType.Int64, "batch", "sequence", "pooler_output", true), Path.Combine(folder, "onnx/text_model.onnx"));
        ReadyMadeFolder.Save(folder, "config.json", new JsonObject
        {
            ["model_type"] = "siglip",
            ["vision_config"] = new JsonObject { ["image_size"] = Side, ["patch_size"] = 4, ["hidden_size"] = 8, ["num_hidden_layers"] = 1, ["num_attention_heads"] = 2 },
            ["text_config"] = new JsonObject { ["max_position_embeddings"] = Context, ["vocab_size"] = 512, ["hidden_size"] = Dimension, ["num_hidden_layers"] = 1, ["num_attention_heads"] = 2 },
        });
        ReadyMadeFolder.Save(folder, "preprocessor_config.json", new JsonObject { ["size"] = new JsonObject { ["height"] = Side, ["width"] = Side }, ["image_mean"] = new JsonArray(0.5, 0.5, 0.5), ["image_std"] = new JsonArray(0.5, 0.5, 0.5), ["resample"] = gemma ? 2 : 3 });
        ReadyMadeFolder.Save(folder, "tokenizer_config.json", new JsonObject { ["tokenizer_class"] = gemma ? "GemmaTokenizer" : "SiglipTokenizer", ["pad_token"] = gemma ? new JsonObject { ["content"] = "<pad>" } : "</s>" });
        File.WriteAllBytes(Path.Combine(folder, gemma ? "tokenizer.model" : "spiece.model"), (gemma ? SentencePieceFile.Bpe : SentencePieceFile.Unigram).Write());
        return folder;
    }

    private static OnnxGraph Vision(string input, object batch, string output)
    {
        OnnxGraph graph = new("visual");
        string pixels = graph.Input(input, DataType.Float, batch, 3, Side, Side);
        string mean = graph.Add("ReduceMean", [pixels], null, "", ("axes", (long[])[2, 3]), ("keepdims", 0));
        graph.Add("MatMul", [mean, graph.Floats("colours", [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3], 3, Dimension)], output);
        graph.Output(output, DataType.Float, batch, Dimension);
        return graph;
    }

    private static OnnxGraph Text(string input, DataType type, object batch, object length, string output, bool mask)
    {
        OnnxGraph graph = new("textual");
        string tokens = graph.Input(input, type, batch, length);
        tokens = mask ? graph.Add("Mul", [tokens, graph.Input("attention_mask", type, batch, length)]) : tokens;
        string sum = graph.Add("ReduceSum", [graph.Add("Cast", [tokens], null, "", ("to", (int)DataType.Float)), graph.Integers(1)], null, "", ("keepdims", 1));
        graph.Add("MatMul", [sum, graph.Floats("row", [1, 0, 0.5f, 0.25f], 1, Dimension)], output);
        graph.Output(output, DataType.Float, batch, Dimension);
        return graph;
    }

    private static void Write(OnnxGraph graph, string path) => OnnxModelWriter.Write(graph, path, "test", long.MaxValue, _ => { }, CancellationToken.None);
}
