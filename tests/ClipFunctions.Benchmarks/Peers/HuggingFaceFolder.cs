using System.IO.Compression;
using System.Text.Json;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>The small files of openai/clip-vit-base-patch32 as transformers.js reads them; the vision graph is exported by PyTorch.</summary>
internal static class HuggingFaceFolder
{
    private const int Merges = 48_894;

    public static void Write(string folder, string vocabulary)
    {
        Directory.CreateDirectory(folder);
        Save("config.json", new
        {
            model_type = "clip",
            architectures = new[] { "CLIPModel" },
            projection_dim = 512,
            text_config = new { model_type = "clip_text_model", vocab_size = 49408, hidden_size = 512, num_hidden_layers = 12, num_attention_heads = 8, max_position_embeddings = 77, projection_dim = 512 },
            vision_config = new { model_type = "clip_vision_model", hidden_size = 768, num_hidden_layers = 12, num_attention_heads = 12, image_size = 224, patch_size = 32, projection_dim = 512 },
        });
        Save("preprocessor_config.json", new
        {
            image_processor_type = "CLIPImageProcessor",
            feature_extractor_type = "CLIPFeatureExtractor",
            do_resize = true,
            size = new { shortest_edge = 224 },
            resample = 3,
            do_center_crop = true,
            crop_size = new { height = 224, width = 224 },
            do_rescale = true,
            rescale_factor = 1 / 255.0,
            do_normalize = true,
            image_mean = new[] { 0.48145466, 0.4578275, 0.40821073 },
            image_std = new[] { 0.26862954, 0.26130258, 0.27577711 },
            do_convert_rgb = true,
        });
        Save("tokenizer_config.json", new
        {
            tokenizer_class = "CLIPTokenizer",
            model_max_length = 77,
            bos_token = "<|startoftext|>",
            eos_token = "<|endoftext|>",
            unk_token = "<|endoftext|>",
            pad_token = "<|endoftext|>",
        });

        using StreamReader reader = new(new GZipStream(File.OpenRead(vocabulary), CompressionMode.Decompress));
        string[] merges = [.. reader.ReadToEnd().Split('\n').Skip(1).Take(Merges)];
        string[] symbols = [.. ByteSymbols()];
        string[] tokens = [.. symbols, .. symbols.Select(symbol => symbol + "</w>"), .. merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)), "<|startoftext|>", "<|endoftext|>"];
        Save("tokenizer.json", new
        {
            version = "1.0",
            truncation = (object?)null,
            padding = (object?)null,
            added_tokens = new[]
            {
                new { id = 49406, content = "<|startoftext|>", single_word = false, lstrip = false, rstrip = false, normalized = true, special = true },
                new { id = 49407, content = "<|endoftext|>", single_word = false, lstrip = false, rstrip = false, normalized = true, special = true },
            },
            normalizer = new { type = "Sequence", normalizers = new object[] { new { type = "NFC" }, new { type = "Replace", pattern = new { Regex = @"\s+" }, content = " " }, new { type = "Lowercase" } } },
            pre_tokenizer = new
            {
                type = "Sequence",
                pretokenizers = new object[]
                {
                    new { type = "Split", pattern = new { Regex = @"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+" }, behavior = "Removed", invert = true },
                    new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true },
                },
            },
            post_processor = new { type = "RobertaProcessing", sep = new object[] { "<|endoftext|>", 49407 }, cls = new object[] { "<|startoftext|>", 49406 }, trim_offsets = false, add_prefix_space = false },
            decoder = new { type = "ByteLevel", add_prefix_space = true, trim_offsets = true },
            model = new
            {
                type = "BPE",
                dropout = (object?)null,
                unk_token = "<|endoftext|>",
                continuing_subword_prefix = "",
                end_of_word_suffix = "</w>",
                fuse_unk = false,
                vocab = tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id),
                merges,
            },
        });

        void Save(string name, object content) => File.WriteAllBytes(Path.Combine(folder, name), JsonSerializer.SerializeToUtf8Bytes(content));
    }

    // openai/CLIP's bytes_to_unicode(): printable bytes are themselves, the others follow from U+0100 on.
    private static IEnumerable<string> ByteSymbols()
    {
        int[] printable = [.. Enumerable.Range('!', '~' - '!' + 1), .. Enumerable.Range(0xA1, 0xAC - 0xA1 + 1), .. Enumerable.Range(0xAE, 0xFF - 0xAE + 1)];
        return printable.Concat(Enumerable.Range(0x100, 256 - printable.Length)).Select(code => ((char)code).ToString());
    }
}
