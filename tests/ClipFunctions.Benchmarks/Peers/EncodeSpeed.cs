using System.Globalization;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>Both encoders, from pixels or tokens to vectors, against PyTorch and ONNX Runtime for Node.js.</summary>
internal static class EncodeSpeed
{
    private const int MostPictures = 32;
    private const int Texts = 32;
    private const int LongestCaption = 12;

    public static async Task ImagesAsync(PeerInputs inputs, PeerTable table, PeerProcess? openAi)
    {
        (byte[] pixels, string path) = inputs.Pixels(MostPictures);
        await OneAsync("ViT-B/32", [(1, 1.6, null), (8, 1.2, null), (32, 1.2, 3)]);
        await OneAsync("RN50", [(8, 1.6, null)]);
        await OneAsync("ViT-B/16", [(8, null, null)]);

        async Task OneAsync(string name, (int Batch, double? Aim, double? AimInt8)[] batches)
        {
            string checkpoint = inputs.Checkpoint(name);
            using ClipModel fp32 = await inputs.ModelAsync(checkpoint, ModelPrecision.Fp32);
            using ClipModel int8 = await inputs.ModelAsync(checkpoint, ModelPrecision.DynamicInt8);
            foreach ((int batch, double? aim, double? aimInt8) in batches)
            {
                ReadOnlyMemory<byte> piece = pixels.AsMemory(0, batch * fp32.Preprocessor.PixelCount);
                await RowsAsync(
                    table,
                    $"encode_image {name}, batch {batch}",
                    [("fp32", aim, () => fp32.EncodeImage(piece, batch)), ("int8", aimInt8, () => int8.EncodeImage(piece, batch))],
                    openAi,
                    new { kind = "image", model = checkpoint, pixels = path, count = batch });
            }
        }
    }

    public static async Task TextsAsync(PeerInputs inputs, PeerTable table, PeerProcess? openAi)
    {
        (TokenBatch tokens, string path) = inputs.Tokens(Texts, LongestCaption);
        string checkpoint = inputs.Checkpoint("ViT-B/32");
        using ClipModel fp32 = await inputs.ModelAsync(checkpoint, ModelPrecision.Fp32);
        using ClipModel int8 = await inputs.ModelAsync(checkpoint, ModelPrecision.DynamicInt8);
        foreach ((int batch, double? aim, double? aimInt8) in new (int, double?, double?)[] { (1, 6, null), (32, 8, 20) })
        {
            TokenBatch piece = new(tokens.Ids[..(batch * tokens.ContextLength)].ToArray(), batch, tokens.ContextLength);
            await RowsAsync(
                table,
                $"encode_text ViT-B/32, captions of ≤ {LongestCaption} tokens, batch {batch}",
                [("fp32", aim, () => fp32.EncodeText(piece)), ("int8", aimInt8, () => int8.EncodeText(piece))],
                openAi,
                new { kind = "text", model = checkpoint, tokens = path, count = batch });
        }
    }

    public static async Task JavaScriptAsync(PeerInputs inputs, PeerTable table, PeerProcess? openAi, PeerProcess? node)
    {
        string checkpoint = inputs.Checkpoint("ViT-B/32");
        string folder = inputs.At("clip-vit-base-patch32");
        if (node is null)
        {
            return;
        }

        if (openAi is null)
        {
            Console.WriteLine("Without transformers.js's image features: PyTorch, which exports the graph, is not there.");
            return;
        }

        HuggingFaceFolder.Write(folder, PeerInputs.Vocabulary);
        await inputs.OnceAsync(Path.Combine("clip-vit-base-patch32", "onnx", "vision_model.onnx"), _ => openAi.AskAsync(new { op = "export_vision", model = checkpoint, folder }));
        (byte[] pixels, string path) = inputs.Pixels(8);
        using ClipModel model = await inputs.ModelAsync(checkpoint, ModelPrecision.Fp32);
        foreach (int batch in new[] { 1, 8 })
        {
            ReadOnlyMemory<byte> piece = pixels.AsMemory(0, batch * model.Preprocessor.PixelCount);
            await RowsAsync(table, $"encode_image ViT-B/32, batch {batch}", [("fp32", 1.2, () => model.EncodeImage(piece, batch))], node, new { kind = "image", model = folder, pixels = path, count = batch });
        }

        string[] photos = inputs.Photos(8);
        ReadOnlyMemory<byte>[] files = [.. photos.Select(photo => (ReadOnlyMemory<byte>)File.ReadAllBytes(photo))];
        await RowsAsync(table, "8 JPEGs of 640×480 → vectors, ViT-B/32", [("fp32", null, () => model.EncodeImage(files))], node, new { kind = "pictures", model = folder, pictures = photos });
    }

    // One row for each of this code's precisions; the peer computes in 32 bits.
    private static async Task RowsAsync(PeerTable table, string what, (string Precision, double? Aim, Func<EmbeddingMatrix> Encode)[] own, PeerProcess? peer, object peerCase)
    {
        EmbeddingMatrix[] results = new EmbeddingMatrix[own.Length];
        List<Side> sides = [.. own.Select((side, i) => Side.Own(side.Precision, () => results[i] = side.Encode()))];
        if (peer is not null)
        {
            sides.Add(peer.Side(peerCase));
        }

        Times[] times = await SideBySide.MeasureAsync(sides);
        byte[]? theirs = peer is null ? null : await peer.ResultAsync();
        for (int i = 0; i < own.Length; i++)
        {
            string agreement = theirs is null ? "" : Agreement.OfVectors(results[i].Values.Span, theirs, results[i].Dimension);
            table.Add(string.Create(CultureInfo.InvariantCulture, $"{what}, {own[i].Precision}"), times[i], peer is null ? "openai/CLIP" : $"{peer.Name}, fp32", peer is null ? null : times[^1], own[i].Aim, agreement);
        }
    }
}
