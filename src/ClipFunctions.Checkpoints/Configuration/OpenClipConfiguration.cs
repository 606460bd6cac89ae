using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Checkpoints.Configuration;

/// <summary>
/// <c>open_clip_config.json</c> as OpenCLIP's hub repositories have it (<c>model_cfg</c> and <c>preprocess_cfg</c>), or the bare model
/// configuration of its source tree. Entries of towers that are no plain CLIP are refused, because the tensors alone do not tell all of them.
/// </summary>
internal static class OpenClipConfiguration
{
    // CLIPVisionCfg and CLIPTextCfg of open_clip/model.py: what must have its plain value.
    private static readonly string[] PlainVision = ["attentional_pool", "no_ln_pre", "final_ln_after_pool", "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc"];
    private static readonly string[] PlainText = ["embed_cls", "final_ln_after_pool", "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc", "use_pad_mask"];

    public static ModelConfiguration Load(string file)
    {
        ConfigurationObject root = ConfigurationObject.Load(file);
        ConfigurationObject model = root.Object("model_cfg") ?? root;
        ConfigurationObject vision = model.Object("vision_cfg") ?? throw root.Unsupported("model_cfg.vision_cfg", "is missing: this is no configuration of an open_clip model.");
        ConfigurationObject text = model.Object("text_cfg") ?? throw root.Unsupported("model_cfg.text_cfg", "is missing: this is no configuration of an open_clip model.");
        ConfigurationObject? preprocess = root.Object("preprocess_cfg");
        CheckPlain(model, vision, text);

        bool quick = model.Flag("quick_gelu") ?? false;
        string? trunk = vision.Text("timm_model_name");
        bool siglip = model.Has("init_logit_bias");
        string pool = text.Text("pool_type") ?? "argmax";
        return new ModelConfiguration
        {
            Origin = Path.GetFileName(file),
            VisionActivation = trunk is null
                ? Activation(quick, vision)
                : trunk.Contains("quickgelu", StringComparison.Ordinal) ? ActivationKind.QuickGelu : ActivationKind.Gelu,
            TextActivation = Activation(quick, text),
            VisionHeadWidth = trunk is null ? vision.Whole("head_width") ?? 64 : null,
            TextHeads = text.Whole("heads") ?? 8,

            // timm's own default, which its CLIP towers replace by PyTorch's.
            VisionEpsilon = trunk is null ? Epsilon(vision) : trunk.Contains("_clip_", StringComparison.Ordinal) ? VisionArchitecture.DefaultNormEpsilon : 1e-6f,
            TextEpsilon = Epsilon(text),
            Pooling = pool switch
            {
                "argmax" => TextPooling.ArgMax,
                "eos" => TextPooling.FirstEndToken,
                "last" => TextPooling.Last,
                _ => throw text.Unsupported("pool_type", $"expected argmax, eos or last, found '{pool}'."),
            },
            EndTokenId = pool == "eos" ? text.Whole("eos_id") ?? throw text.Unsupported("eos_id", "is missing, but pool_type is eos.") : null,
            Causal = !(text.Flag("no_causal_mask") ?? false),
            Scoring = siglip ? ScoringKind.Sigmoid : ScoringKind.Softmax,
            EmbeddingDimension = model.Whole("embed_dim"),
            ImageSize = vision.Square("image_size"),
            PatchSize = trunk is null && !vision.HasArray("layers") ? vision.Whole("patch_size") : null,
            VisionWidth = trunk is null ? vision.Whole("width") : null,
            VisionLayers = trunk is not null ? null : vision.HasArray("layers") ? vision.Wholes("layers") : vision.Whole("layers") is { } layers ? [layers] : null,
            ContextLength = text.Whole("context_length"),
            VocabularySize = text.Whole("vocab_size"),
            TextWidth = text.Whole("width"),
            TextLayers = text.Whole("layers"),

            // open_clip's own defaults where a repository says nothing: those of OpenAI for its CLIP models, half and half for SigLIP's.
            Mean = preprocess?.Numbers("mean", 3),
            Std = preprocess?.Numbers("std", 3),
            ResizeMode = preprocess?.Text("resize_mode"),
            FillColor = preprocess?.Whole("fill_color"),
            Interpolation = preprocess?.Text("interpolation"),
            Cleaning = CleaningOf(text),
        };
    }

    private static void CheckPlain(ConfigurationObject model, ConfigurationObject vision, ConfigurationObject text)
    {
        if (model.Has("multimodal_cfg"))
        {
            throw model.Unsupported("multimodal_cfg", "a CoCa model is no CLIP.");
        }

        foreach (string name in new[] { "hf_model_name", "hf_model_config" })
        {
            if (text.Has(name))
            {
                throw text.Unsupported(name, "a text tower of Hugging Face's own is no CLIP text tower.");
            }
        }

        foreach ((ConfigurationObject tower, string[] names) in new[] { (vision, PlainVision), (text, PlainText) })
        {
            foreach (string name in names)
            {
                if (tower.Flag(name) ?? false)
                {
                    throw tower.Unsupported(name, "no plain CLIP tower has this.");
                }
            }

            if (tower.Has("ls_init_value"))
            {
                throw tower.Unsupported("ls_init_value", "no plain CLIP tower has layer scale.");
            }

            if (tower.Text("block_type") is { } block and not "default")
            {
                throw tower.Unsupported("block_type", $"expected default, found '{block}'.");
            }
        }

        if (vision.Text("timm_model_name") is not null)
        {
            if (vision.Text("timm_pool") is { } timmPool and not ("map" or "tok" or "token" or ""))
            {
                throw vision.Unsupported("timm_pool", $"expected map or token, found '{timmPool}'.");
            }

            if (vision.Text("timm_proj") is "mlp" || (vision.Flag("timm_proj_bias") ?? false))
            {
                throw vision.Unsupported("timm_proj", "expected a linear projection without bias, or none.");
            }
        }
        else if (vision.Text("pool_type") is { } pool and not "tok")
        {
            throw vision.Unsupported("pool_type", $"expected tok, found '{pool}'.");
        }
    }

    private static ActivationKind Activation(bool quick, ConfigurationObject tower)
    {
        string? approximate = tower.Object("act_kwargs")?.Text("approximate");
        return quick ? ActivationKind.QuickGelu : approximate switch
        {
            null or "none" => ActivationKind.Gelu,
            "tanh" => ActivationKind.GeluTanh,
            _ => throw tower.Unsupported("act_kwargs.approximate", $"expected none or tanh, found '{approximate}'."),
        };
    }

    /// <summary>What happens to a text first; where nothing is said, the <c>whitespace</c> of open_clip's <c>HFTokenizer</c>.</summary>
    public static TextCleaning CleaningOf(ConfigurationObject text)
    {
        ConfigurationObject? arguments = text.Object("tokenizer_kwargs");
        string clean = arguments?.Text("clean") ?? "whitespace";
        return clean switch
        {
            "canonicalize" => TextCleaning.Canonicalize,
            "lower" => TextCleaning.Lower,
            "whitespace" => TextCleaning.Whitespace,
            _ => throw arguments!.Unsupported("clean", $"expected canonicalize, lower or whitespace, found '{clean}'."),
        };
    }

    private static float? Epsilon(ConfigurationObject tower) => (float?)tower.Object("norm_kwargs")?.Number("eps");
}
