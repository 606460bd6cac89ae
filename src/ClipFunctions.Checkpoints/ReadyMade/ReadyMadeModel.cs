using ClipFunctions.Checkpoints.Configuration;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.ReadyMade;

/// <summary>What the configurations in another tool's folder say of its model.</summary>
internal sealed record ReadyMadeModel
{
    private const string ConfigurationFile = "config.json";

    // The graphs come without the trained scale; every CLIP of OpenAI's and OpenCLIP's ends at the bound of 100, SigLIP's lie a little above.
    private const float UsualScale = 100;
    private const float UsualSigmoidBias = -10;

    // timm's vision transformers: width, blocks, heads, MLP width.
    private static readonly Dictionary<string, (int Width, int Layers, int Heads, int Mlp)> TimmSizes = new(StringComparer.Ordinal)
    {
        ["tiny"] = (192, 12, 3, 768),
        ["small"] = (384, 12, 6, 1536),
        ["medium"] = (512, 12, 8, 2048),
        ["base"] = (768, 12, 12, 3072),
        ["large"] = (1024, 24, 16, 4096),
        ["huge"] = (1280, 32, 16, 5120),
        ["giant"] = (1408, 40, 16, 6144),
        ["gigantic"] = (1664, 48, 16, 8192),
        ["so400m"] = (1152, 27, 16, 4304),
        ["giantopt"] = (1536, 40, 16, 6144),
    };

    public required ClipArchitecture Architecture { get; init; }

    public required PreprocessingSpec Preprocessing { get; init; }

    public required ScoringRule Scoring { get; init; }

    /// <summary>What open_clip says of its tokenizer (<c>text_cfg</c>); null for Hugging Face.</summary>
    public ConfigurationObject? OpenClipText { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Reads <c>config.json</c> as open_clip has it, and <c>visual/preprocess_cfg.json</c>.</summary>
    public static ReadyMadeModel OfImmich(string folder)
    {
        string file = Path.Combine(folder, ConfigurationFile);
        ModelConfiguration configuration = OpenClipConfiguration.Load(file);
        ConfigurationObject root = ConfigurationObject.Load(file);
        ConfigurationObject model = root.Object("model_cfg") ?? root;
        ConfigurationObject vision = model.Object("vision_cfg")!;
        ConfigurationObject text = model.Object("text_cfg")!;

        ConfigurationObject preprocess = ConfigurationObject.Load(Path.Combine(folder, "visual/preprocess_cfg.json"));
        int size = preprocess.Square("size") ?? configuration.ImageSize ?? 224;
        configuration = configuration with
        {
            Mean = preprocess.Numbers("mean", 3) ?? configuration.Mean,
            Std = preprocess.Numbers("std", 3) ?? configuration.Std,
            ResizeMode = preprocess.Text("resize_mode") ?? configuration.ResizeMode,
            FillColor = preprocess.Whole("fill_color") ?? configuration.FillColor,
            Interpolation = preprocess.Text("interpolation") ?? configuration.Interpolation,
        };

        // The defaults of CLIPVisionCfg and CLIPTextCfg.
        int textWidth = configuration.TextWidth ?? 512;
        VisionArchitecture architecture = vision.Text("timm_model_name") is { } trunk
            ? Trunk(vision, trunk, size, configuration)
            : configuration.VisionLayers is { Count: > 1 } stages
                ? ResNet(size, configuration.VisionWidth ?? 64, stages)
                : Transformer(size, configuration.PatchSize ?? 16, configuration.VisionWidth ?? 768, configuration.VisionLayers is [int layers, ..] ? layers : 12, 0, Widened(configuration.VisionWidth ?? 768, vision), configuration);
        return Create(configuration, size, configuration.EmbeddingDimension ?? throw model.Unsupported("embed_dim", "is missing."), architecture, new TextSizes(77, 49408, textWidth, 12, 8, Widened(textWidth, text))) with { OpenClipText = text };
    }

    /// <summary>Reads <c>config.json</c> and <c>preprocessor_config.json</c> as Hugging Face has them.</summary>
    public static ReadyMadeModel OfHuggingFace(string folder)
    {
        string file = Path.Combine(folder, ConfigurationFile);
        string preprocessorFile = Path.Combine(folder, "preprocessor_config.json");
        ConfigurationObject? preprocessor = File.Exists(preprocessorFile) ? ConfigurationObject.Load(preprocessorFile) : null;
        ModelConfiguration configuration = HuggingFaceConfiguration.Load(file, preprocessor is null ? null : preprocessorFile);
        bool sigmoid = configuration.Scoring == ScoringKind.Sigmoid;
        int size = configuration.ImageSize ?? 224;
        if (preprocessor is not null)
        {
            foreach (string name in (string[])["crop_size", "size"])
            {
                // A larger first size with a crop is no preprocessing that is done here.
                if (Side(preprocessor, name) is { } side && side != size)
                {
                    throw preprocessor.Unsupported(name, $"expected {size}, as {ConfigurationFile} has it, found {side}.");
                }
            }

            if (preprocessor.Flag("do_normalize") == false)
            {
                configuration = configuration with { Mean = [0, 0, 0], Std = [1, 1, 1] };
            }
        }

        ConfigurationObject root = ConfigurationObject.Load(file);
        int width = configuration.VisionWidth ?? 768;
        int textWidth = configuration.TextWidth ?? (sigmoid ? 768 : 512);
        VisionArchitecture vision = Transformer(size, configuration.PatchSize ?? (sigmoid ? 16 : 32), width, configuration.VisionLayers is [int layers, ..] ? layers : 12, configuration.VisionHeads ?? 0, root.Object("vision_config")?.Whole("intermediate_size") ?? width * 4, configuration);
        int textMlp = root.Object("text_config")?.Whole("intermediate_size") ?? textWidth * 4;
        TextSizes text = sigmoid ? new TextSizes(64, 32000, textWidth, 12, 12, textMlp) : new TextSizes(77, 49408, textWidth, 12, 8, textMlp);
        ReadyMadeModel model = Create(configuration, size, configuration.EmbeddingDimension ?? (sigmoid ? root.Object("text_config")?.Whole("projection_size") ?? textWidth : 512), vision, text);
        return preprocessor is null ? model with { Notes = [.. model.Notes, "There is no preprocessor_config.json: mean, standard deviation and resizing are the usual ones of such models."] } : model;
    }

    private static ReadyMadeModel Create(ModelConfiguration configuration, int size, int dimension, VisionArchitecture vision, TextSizes text)
    {
        bool sigmoid = configuration.Scoring == ScoringKind.Sigmoid;
        ActivationKind activation = configuration.VisionActivation ?? ActivationKind.Gelu;
        return new ReadyMadeModel
        {
            Architecture = new ClipArchitecture
            {
                EmbeddingDimension = dimension,
                Activation = activation,
                Vision = vision,
                Text = new TextArchitecture
                {
                    ContextLength = configuration.ContextLength ?? text.Context,
                    VocabularySize = configuration.VocabularySize ?? text.Vocabulary,
                    Width = text.Width,
                    Layers = configuration.TextLayers ?? text.Layers,
                    Heads = configuration.TextHeads ?? text.Heads,
                    MlpWidth = text.Mlp,
                    Causal = configuration.Causal ?? true,
                    Pooling = configuration.Pooling ?? TextPooling.ArgMax,
                    EndTokenId = configuration.Pooling == TextPooling.FirstEndToken ? configuration.EndTokenId : null,
                    Activation = configuration.TextActivation == activation ? null : configuration.TextActivation,
                    NormEpsilon = configuration.TextEpsilon ?? VisionArchitecture.DefaultNormEpsilon,
                },
            },
            Preprocessing = configuration.Preprocessing(size, configuration.Scoring ?? ScoringKind.Softmax),
            Scoring = new ScoringRule { Kind = configuration.Scoring ?? ScoringKind.Softmax, LogitScale = UsualScale, LogitBias = sigmoid ? UsualSigmoidBias : 0 },
            Notes = [sigmoid
                ? $"The graphs come without the trained logit scale and bias: {UsualScale} and {UsualSigmoidBias} are assumed, so that the labels' order is right and their probabilities are not."
                : $"The graphs come without the trained logit scale: {UsualScale} is assumed, as nearly all CLIP models have it."],
        };
    }

    private static VisionArchitecture Transformer(int size, int patch, int width, int layers, int heads, int mlp, ModelConfiguration configuration) => new()
    {
        Kind = VisionKind.VisionTransformer,
        ImageSize = size,
        PatchSize = patch,
        Width = width,
        Layers = [layers],
        Heads = heads > 0 ? heads : Math.Max(1, width / Math.Max(1, configuration.VisionHeadWidth ?? 64)),
        MlpWidth = mlp,
        Pooling = configuration.Scoring == ScoringKind.Sigmoid ? VisionPooling.AttentionMap : VisionPooling.ClassToken,
        NormEpsilon = configuration.VisionEpsilon ?? VisionArchitecture.DefaultNormEpsilon,
    };

    private static VisionArchitecture ResNet(int size, int width, IReadOnlyList<int> stages)
        => new() { Kind = VisionKind.ModifiedResNet, ImageSize = size, Width = width, Layers = stages, Heads = Math.Max(1, width / 2) };

    private static VisionArchitecture Trunk(ConfigurationObject vision, string name, int size, ModelConfiguration configuration)
    {
        // vit_base_patch16_siglip_224
        string[] parts = name.Split('_', '.');
        int patch = 0;
        if (parts.Length < 3 || parts[0] != "vit" || !TimmSizes.TryGetValue(parts[1], out (int Width, int Layers, int Heads, int Mlp) sizes)
            || !parts[2].StartsWith("patch", StringComparison.Ordinal) || !int.TryParse(parts[2].AsSpan(5), out patch))
        {
            throw vision.Unsupported("timm_model_name", $"expected a vision transformer such as vit_base_patch16_siglip_224, found '{name}'.");
        }

        return Transformer(size, patch, sizes.Width, sizes.Layers, sizes.Heads, sizes.Mlp, configuration);
    }

    private static int Widened(int width, ConfigurationObject tower) => (int)Math.Clamp(width * (tower.Number("mlp_ratio") ?? 4), 1, 1 << 20);

    // 224, {"shortest_edge": 224} or {"height": 224, "width": 224}
    private static int? Side(ConfigurationObject parent, string name)
    {
        if (!parent.HasObject(name))
        {
            return parent.Has(name) ? parent.Whole(name) : null;
        }

        ConfigurationObject size = parent.Object(name)!;
        int? height = size.Whole("height");
        return height == size.Whole("width") ? size.Whole("shortest_edge") ?? height : throw parent.Unsupported(name, $"expected a square, found {height} × {size.Whole("width")}.");
    }

    private readonly record struct TextSizes(int Context, int Vocabulary, int Width, int Layers, int Heads, int Mlp);
}
