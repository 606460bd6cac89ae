using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Layouts;

/// <summary>The tensors that a model of given sizes has, in openai's naming.</summary>
internal sealed class ExpectedTensors
{
    private readonly Dictionary<string, long[]> _tensors = new(StringComparer.Ordinal);

    private ExpectedTensors()
    {
    }

    /// <summary>Names and shapes.</summary>
    /// <param name="architecture">The sizes.</param>
    /// <param name="has">Whether the checkpoint has a tensor, asked for those that a model may have or lack.</param>
    public static IReadOnlyDictionary<string, long[]> Of(ClipArchitecture architecture, Func<string, bool> has)
    {
        ExpectedTensors expected = new();
        long embedding = architecture.EmbeddingDimension;
        if (architecture.Vision.Kind == VisionKind.VisionTransformer)
        {
            expected.AddVisionTransformer(architecture.Vision, embedding);
        }
        else
        {
            expected.AddResNet(architecture.Vision, embedding);
        }

        TextArchitecture text = architecture.Text;
        expected._tensors.Add("token_embedding.weight", [text.VocabularySize, text.Width]);
        expected._tensors.Add("positional_embedding", [text.ContextLength, text.Width]);
        expected.AddBlocks("transformer", text.Width, text.Layers, text.MlpWidth);
        expected.AddNorm("ln_final", text.Width);
        expected._tensors.Add("text_projection", [text.Width, embedding]);
        if (has("text_projection.bias"))
        {
            expected._tensors.Add("text_projection.bias", [embedding]);
        }

        expected._tensors.Add("logit_scale", []);
        if (has("logit_bias"))
        {
            expected._tensors.Add("logit_bias", []);
        }

        return expected._tensors;
    }

    private void AddVisionTransformer(VisionArchitecture vision, long embedding)
    {
        long width = vision.Width;
        long patch = vision.PatchSize!.Value;
        long grid = vision.ImageSize / patch;
        bool map = vision.Pooling == VisionPooling.AttentionMap;
        _tensors.Add("visual.conv1.weight", [width, 3, patch, patch]);
        _tensors.Add("visual.positional_embedding", [(grid * grid) + (map ? 0 : 1), width]);
        AddBlocks("visual.transformer", width, vision.Layers[0], vision.MlpWidth!.Value);
        AddNorm("visual.ln_post", width);
        if (!map)
        {
            _tensors.Add("visual.class_embedding", [width]);
            AddNorm("visual.ln_pre", width);
            _tensors.Add("visual.proj", [width, embedding]);
            return;
        }

        _tensors.Add("visual.conv1.bias", [width]);
        _tensors.Add("visual.attn_pool.probe", [width]);
        _tensors.Add("visual.attn_pool.in_proj_weight", [3 * width, width]);
        _tensors.Add("visual.attn_pool.in_proj_bias", [3 * width]);
        AddLinear("visual.attn_pool.out_proj", width, width);
        AddNorm("visual.attn_pool.ln", width);
        AddLinear("visual.attn_pool.mlp.c_fc", vision.MlpWidth.Value, width);
        AddLinear("visual.attn_pool.mlp.c_proj", width, vision.MlpWidth.Value);
    }

    private void AddResNet(VisionArchitecture resnet, long outputs)
    {
        long width = resnet.Width;
        AddConvolution("visual.conv1", "visual.bn1", width / 2, 3, 3);
        AddConvolution("visual.conv2", "visual.bn2", width / 2, width / 2, 3);
        AddConvolution("visual.conv3", "visual.bn3", width, width / 2, 3);
        long inputs = width;
        for (int stage = 0; stage < 4; stage++)
        {
            long planes = width << stage;
            for (int block = 0; block < resnet.Layers[stage]; block++)
            {
                string name = $"visual.layer{stage + 1}.{block}";
                AddConvolution($"{name}.conv1", $"{name}.bn1", planes, inputs, 1);
                AddConvolution($"{name}.conv2", $"{name}.bn2", planes, planes, 3);
                AddConvolution($"{name}.conv3", $"{name}.bn3", planes * 4, planes, 1);
                if (ModelLayout.HasDownsample(stage, block, inputs, planes))
                {
                    AddConvolution($"{name}.downsample.0", $"{name}.downsample.1", planes * 4, inputs, 1);
                }

                inputs = planes * 4;
            }
        }

        long grid = resnet.ImageSize / 32;
        _tensors.Add("visual.attnpool.positional_embedding", [(grid * grid) + 1, inputs]);
        AddLinear("visual.attnpool.q_proj", inputs, inputs);
        AddLinear("visual.attnpool.k_proj", inputs, inputs);
        AddLinear("visual.attnpool.v_proj", inputs, inputs);
        AddLinear("visual.attnpool.c_proj", outputs, inputs);
    }

    private void AddBlocks(string name, long width, int layers, long mlp)
    {
        for (int i = 0; i < layers; i++)
        {
            string block = $"{name}.resblocks.{i}";
            AddNorm($"{block}.ln_1", width);
            _tensors.Add($"{block}.attn.in_proj_weight", [3 * width, width]);
            _tensors.Add($"{block}.attn.in_proj_bias", [3 * width]);
            AddLinear($"{block}.attn.out_proj", width, width);
            AddNorm($"{block}.ln_2", width);
            AddLinear($"{block}.mlp.c_fc", mlp, width);
            AddLinear($"{block}.mlp.c_proj", width, mlp);
        }
    }

    private void AddConvolution(string convolution, string norm, long outputs, long inputs, long kernel)
    {
        _tensors.Add($"{convolution}.weight", [outputs, inputs, kernel, kernel]);
        AddNorm(norm, outputs);
        _tensors.Add($"{norm}.running_mean", [outputs]);
        _tensors.Add($"{norm}.running_var", [outputs]);
    }

    private void AddLinear(string name, long outputs, long inputs)
    {
        _tensors.Add($"{name}.weight", [outputs, inputs]);
        _tensors.Add($"{name}.bias", [outputs]);
    }

    private void AddNorm(string name, long width)
    {
        _tensors.Add($"{name}.weight", [width]);
        _tensors.Add($"{name}.bias", [width]);
    }
}
