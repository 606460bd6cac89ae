using ClipFunctions.Checkpoints.Formats;

namespace ClipFunctions.Checkpoints.Layouts;

/// <summary>
/// The namings that CLIP models are published in, told for each tower by how its tensors' names begin: openai/CLIP's and open_clip's
/// (<c>visual.…</c>, <c>transformer.…</c>), open_clip's custom text (<c>text.…</c>) and timm trunk (<c>visual.trunk.…</c>), Hugging
/// Face's <c>CLIPModel</c> and <c>SiglipModel</c> (<c>vision_model.…</c>, <c>text_model.…</c>).
/// </summary>
internal static class LayoutRules
{
    private static readonly string[] Parameters = ["weight", "bias"];
    private static readonly string[] Buffers = ["input_resolution", "context_length", "vocab_size", "attn_mask", "text.attn_mask"];

    /// <summary>The rules for a checkpoint's names; null if they are of no known naming.</summary>
    public static IReadOnlyList<LayoutRule>? For(ICheckpoint checkpoint)
    {
        bool Any(string prefix) => checkpoint.Tensors.Keys.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
        IEnumerable<LayoutRule>? vision = Any("vision_model.") ? HuggingFaceVision()
            : Any("visual.trunk.") ? TimmVision()
            : Any("visual.") ? []
            : null;
        IEnumerable<LayoutRule>? text = Any("text_model.") ? HuggingFaceText()
            : Any("text.") ? CustomText()
            : Any("transformer.resblocks.") ? [new("text_projection.weight", "text_projection", Transposed: true)]
            : null;
        return vision is null || text is null ? null : [.. vision, .. text, new("logit_scale", "logit_scale", Squeezed: true), new("logit_bias", "logit_bias", Squeezed: true)];
    }

    /// <summary>Whether a tensor is a buffer that computes nothing.</summary>
    public static bool IsBuffer(string name)
        => Buffers.Contains(name)
            || name.EndsWith(".position_ids", StringComparison.Ordinal)
            || (name.StartsWith("visual.", StringComparison.Ordinal) && name.EndsWith(".num_batches_tracked", StringComparison.Ordinal));

    private static IEnumerable<LayoutRule> Pair(string source, string canonical) => Parameters.Select(parameter => new LayoutRule($"{source}.{parameter}", $"{canonical}.{parameter}"));

    private static IEnumerable<LayoutRule> HuggingFaceBlocks(string source, string canonical)
    {
        foreach (string parameter in Parameters)
        {
            yield return new($"{source}.self_attn.q_proj.{parameter}", $"{canonical}.attn.in_proj_{parameter}", 0, 1, 3);
            yield return new($"{source}.self_attn.k_proj.{parameter}", $"{canonical}.attn.in_proj_{parameter}", 1, 1, 3);
            yield return new($"{source}.self_attn.v_proj.{parameter}", $"{canonical}.attn.in_proj_{parameter}", 2, 1, 3);
        }

        foreach (LayoutRule rule in (IEnumerable<LayoutRule>)
            [
                .. Pair($"{source}.layer_norm1", $"{canonical}.ln_1"),
                .. Pair($"{source}.self_attn.out_proj", $"{canonical}.attn.out_proj"),
                .. Pair($"{source}.layer_norm2", $"{canonical}.ln_2"),
                .. Pair($"{source}.mlp.fc1", $"{canonical}.mlp.c_fc"),
                .. Pair($"{source}.mlp.fc2", $"{canonical}.mlp.c_proj"),
            ])
        {
            yield return rule;
        }
    }

    private static IEnumerable<LayoutRule> HuggingFaceVision() =>
    [
        .. Pair("vision_model.embeddings.patch_embedding", "visual.conv1"),
        new("vision_model.embeddings.class_embedding", "visual.class_embedding"),
        new("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),

        // The name is misspelt in transformers.
        .. Pair("vision_model.pre_layrnorm", "visual.ln_pre"),
        .. HuggingFaceBlocks("vision_model.encoder.layers.{i}", "visual.transformer.resblocks.{i}"),
        .. Pair("vision_model.post_layernorm", "visual.ln_post"),
        new("visual_projection.weight", "visual.proj", Transposed: true),
        new("vision_model.head.probe", "visual.attn_pool.probe", Squeezed: true),
        .. Parameters.Select(parameter => new LayoutRule($"vision_model.head.attention.in_proj_{parameter}", $"visual.attn_pool.in_proj_{parameter}")),
        .. Pair("vision_model.head.attention.out_proj", "visual.attn_pool.out_proj"),
        .. Pair("vision_model.head.layernorm", "visual.attn_pool.ln"),
        .. Pair("vision_model.head.mlp.fc1", "visual.attn_pool.mlp.c_fc"),
        .. Pair("vision_model.head.mlp.fc2", "visual.attn_pool.mlp.c_proj"),
    ];

    private static IEnumerable<LayoutRule> TimmVision() =>
    [
        .. Pair("visual.trunk.patch_embed.proj", "visual.conv1"),
        new("visual.trunk.cls_token", "visual.class_embedding", Squeezed: true),
        new("visual.trunk.pos_embed", "visual.positional_embedding", Squeezed: true),
        .. Pair("visual.trunk.norm_pre", "visual.ln_pre"),
        .. Pair("visual.trunk.blocks.{i}.norm1", "visual.transformer.resblocks.{i}.ln_1"),
        .. Parameters.Select(parameter => new LayoutRule($"visual.trunk.blocks.{{i}}.attn.qkv.{parameter}", $"visual.transformer.resblocks.{{i}}.attn.in_proj_{parameter}")),
        .. Pair("visual.trunk.blocks.{i}.attn.proj", "visual.transformer.resblocks.{i}.attn.out_proj"),
        .. Pair("visual.trunk.blocks.{i}.norm2", "visual.transformer.resblocks.{i}.ln_2"),
        .. Pair("visual.trunk.blocks.{i}.mlp.fc1", "visual.transformer.resblocks.{i}.mlp.c_fc"),
        .. Pair("visual.trunk.blocks.{i}.mlp.fc2", "visual.transformer.resblocks.{i}.mlp.c_proj"),
        .. Pair("visual.trunk.norm", "visual.ln_post"),
        new("visual.head.proj.weight", "visual.proj", Transposed: true),
        new("visual.trunk.head.weight", "visual.proj", Transposed: true),
        new("visual.trunk.attn_pool.latent", "visual.attn_pool.probe", Squeezed: true),
        .. Parameters.Select(parameter => new LayoutRule($"visual.trunk.attn_pool.q.{parameter}", $"visual.attn_pool.in_proj_{parameter}", 0, 1, 3)),
        .. Parameters.Select(parameter => new LayoutRule($"visual.trunk.attn_pool.kv.{parameter}", $"visual.attn_pool.in_proj_{parameter}", 1, 2, 3)),
        .. Pair("visual.trunk.attn_pool.proj", "visual.attn_pool.out_proj"),
        .. Pair("visual.trunk.attn_pool.norm", "visual.attn_pool.ln"),
        .. Pair("visual.trunk.attn_pool.mlp.fc1", "visual.attn_pool.mlp.c_fc"),
        .. Pair("visual.trunk.attn_pool.mlp.fc2", "visual.attn_pool.mlp.c_proj"),
    ];

    private static IEnumerable<LayoutRule> HuggingFaceText() =>
    [
        new("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
        new("text_model.embeddings.position_embedding.weight", "positional_embedding"),
        .. HuggingFaceBlocks("text_model.encoder.layers.{i}", "transformer.resblocks.{i}"),
        .. Pair("text_model.final_layer_norm", "ln_final"),
        new("text_projection.weight", "text_projection", Transposed: true),
        new("text_model.head.weight", "text_projection", Transposed: true),
        new("text_model.head.bias", "text_projection.bias"),
    ];

    private static IEnumerable<LayoutRule> CustomText() =>
    [
        new("text.token_embedding.weight", "token_embedding.weight"),
        new("text.positional_embedding", "positional_embedding"),
        .. Pair("text.transformer.resblocks.{i}.ln_1", "transformer.resblocks.{i}.ln_1"),
        .. Parameters.Select(parameter => new LayoutRule($"text.transformer.resblocks.{{i}}.attn.in_proj_{parameter}", $"transformer.resblocks.{{i}}.attn.in_proj_{parameter}")),
        .. Pair("text.transformer.resblocks.{i}.attn.out_proj", "transformer.resblocks.{i}.attn.out_proj"),
        .. Pair("text.transformer.resblocks.{i}.ln_2", "transformer.resblocks.{i}.ln_2"),
        .. Pair("text.transformer.resblocks.{i}.mlp.c_fc", "transformer.resblocks.{i}.mlp.c_fc"),
        .. Pair("text.transformer.resblocks.{i}.mlp.c_proj", "transformer.resblocks.{i}.mlp.c_proj"),
        .. Pair("text.ln_final", "ln_final"),
        new("text.text_projection", "text_projection"),
        new("text.text_projection.weight", "text_projection", Transposed: true),
        new("text.text_projection.bias", "text_projection.bias"),
    ];
}
