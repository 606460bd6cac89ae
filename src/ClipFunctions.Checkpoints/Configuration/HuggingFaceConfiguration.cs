using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Configuration;

/// <summary>
/// <c>config.json</c> of Hugging Face's <c>CLIPModel</c> and <c>SiglipModel</c> and the <c>preprocessor_config.json</c> beside it. What
/// is absent has the defaults of transformers' configuration classes.
/// </summary>
internal static class HuggingFaceConfiguration
{
    // Configurations before transformers 4.31 say 2, which no vocabulary of CLIP means; the model then pools at the largest id.
    private const int LegacyEndToken = 2;

    private const int ClipEndToken = 49407;

    public static ModelConfiguration Load(string file, string? preprocessorFile)
    {
        ConfigurationObject root = ConfigurationObject.Load(file);
        string type = root.Text("model_type") ?? (root.HasObject("text_config") || root.HasObject("text_config_dict") ? "clip" : throw root.Unsupported("model_type", "is missing; expected clip or siglip."));
        bool siglip = type is "siglip" or "siglip2";
        if (!siglip && type != "clip")
        {
            throw root.Unsupported("model_type", $"expected clip or siglip, found '{type}'.");
        }

        Section vision = Section.Of(root, "vision_config");
        Section text = Section.Of(root, "text_config");
        string defaultActivation = siglip ? "gelu_pytorch_tanh" : "quick_gelu";
        int endToken = text.Whole("eos_token_id") ?? ClipEndToken;
        float epsilon = siglip ? 1e-6f : VisionArchitecture.DefaultNormEpsilon;
        ModelConfiguration configuration = new()
        {
            Origin = Path.GetFileName(file),
            VisionActivation = Activation(vision, defaultActivation),
            TextActivation = Activation(text, defaultActivation),
            VisionHeads = vision.Whole("num_attention_heads") ?? 12,
            TextHeads = text.Whole("num_attention_heads") ?? (siglip ? 12 : 8),
            VisionEpsilon = (float)(vision.Number("layer_norm_eps") ?? epsilon),
            TextEpsilon = (float)(text.Number("layer_norm_eps") ?? epsilon),
            Pooling = siglip ? TextPooling.Last : endToken == LegacyEndToken ? TextPooling.ArgMax : TextPooling.FirstEndToken,
            EndTokenId = siglip || endToken == LegacyEndToken ? null : endToken,
            Causal = !siglip,
            Scoring = siglip ? ScoringKind.Sigmoid : ScoringKind.Softmax,
            EmbeddingDimension = siglip ? null : root.Whole("projection_dim"),
            ImageSize = vision.Whole("image_size"),
            PatchSize = vision.Whole("patch_size"),
            VisionWidth = vision.Whole("hidden_size"),
            VisionLayers = vision.Whole("num_hidden_layers") is { } layers ? [layers] : null,
            ContextLength = text.Whole("max_position_embeddings"),
            VocabularySize = text.Whole("vocab_size"),
            TextWidth = text.Whole("hidden_size"),
            TextLayers = text.Whole("num_hidden_layers"),
        };
        return preprocessorFile is null ? configuration : WithPreprocessor(configuration, ConfigurationObject.Load(preprocessorFile));
    }

    private static ModelConfiguration WithPreprocessor(ModelConfiguration configuration, ConfigurationObject preprocessor)
    {
        int resample = preprocessor.Whole("resample") ?? 3;
        bool square = preprocessor.HasObject("size") && preprocessor.Object("size")!.Has("height") && preprocessor.Object("size")!.Has("width");
        return configuration with
        {
            Mean = preprocessor.Numbers("image_mean", 3),
            Std = preprocessor.Numbers("image_std", 3),
            ResizeMode = square ? "squash" : "shortest",

            // Pillow's numbers.
            Interpolation = resample switch
            {
                3 => "bicubic",
                2 => "bilinear",
                _ => throw preprocessor.Unsupported("resample", $"expected 3 (bicubic) or 2 (bilinear), found {resample}."),
            },
        };
    }

    private static ActivationKind Activation(Section tower, string absent)
    {
        string name = tower.Text("hidden_act") ?? absent;
        return name switch
        {
            "quick_gelu" => ActivationKind.QuickGelu,
            "gelu" => ActivationKind.Gelu,
            "gelu_pytorch_tanh" or "gelu_new" => ActivationKind.GeluTanh,
            _ => throw tower.Unsupported("hidden_act", $"expected quick_gelu, gelu or gelu_pytorch_tanh, found '{name}'."),
        };
    }

    // Old files carry the entries twice, and the ones in the "_dict" count.
    private sealed class Section(ConfigurationObject? first, ConfigurationObject? second, ConfigurationObject root)
    {
        public static Section Of(ConfigurationObject root, string name) => new(root.Object($"{name}_dict"), root.Object(name), root);

        public int? Whole(string name) => first?.Whole(name) ?? second?.Whole(name);

        public double? Number(string name) => first?.Number(name) ?? second?.Number(name);

        public string? Text(string name) => first?.Text(name) ?? second?.Text(name);

        public InvalidCheckpointException Unsupported(string name, string problem) => (second ?? first ?? root).Unsupported(name, problem);
    }
}
