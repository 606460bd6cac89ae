using ClipFunctions.Checkpoints.Configuration;
using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Checkpoints.ReadyMade;

/// <summary>
/// Bundles that other tools made, loaded as they are: the immich-app layout (<c>visual/model.onnx</c>, <c>visual/preprocess_cfg.json</c>,
/// <c>textual/model.onnx</c>, <c>textual/tokenizer.json</c>, <c>config.json</c> of open_clip), and Hugging Face's
/// (<c>onnx/vision_model.onnx</c>, <c>onnx/text_model.onnx</c> and their <c>_fp16</c>, <c>_int8</c>, <c>_quantized</c> forms, <c>config.json</c>,
/// <c>preprocessor_config.json</c> and the tokenizer's files). Nothing is written into the folder.
/// </summary>
public static class ReadyMadeOnnx
{
    /// <summary>The precisions in which a folder holds a model in one of the layouts; none if it is no such folder.</summary>
    /// <param name="folder">The folder; need not exist.</param>
    public static IReadOnlyList<ModelPrecision> PrecisionsOf(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return [.. ReadyMadeLayout.Find(folder).Select(layout => layout.Precision)];
    }

    /// <summary>Reads the configurations and the graphs' signatures, and hashes the files.</summary>
    /// <param name="folder">The folder; it must stay while the bundle is used.</param>
    /// <param name="id">The model's id; by default the folder's name.</param>
    /// <param name="precision">Which of the precisions; by default the most exact that is there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The bundle. What no file told and was assumed, the logit scale above all, is in its manifest's <see cref="BundleManifest.Notes"/>.</returns>
    /// <exception cref="InvalidCheckpointException">It is no such folder, or a configuration or a graph is none of a CLIP model.</exception>
    /// <exception cref="InvalidBundleException">What the files say makes no valid bundle.</exception>
    public static Task<ModelBundle> OpenAsync(string folder, string? id = null, ModelPrecision? precision = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return Task.Run(() => Open(Path.GetFullPath(folder), id, precision, cancellationToken), cancellationToken);
    }

    private static ModelBundle Open(string folder, string? id, ModelPrecision? precision, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReadyMadeLayout> layouts = ReadyMadeLayout.Find(folder);
        ReadyMadeLayout layout = layouts.FirstOrDefault(layout => precision is null || layout.Precision == precision)
            ?? throw new InvalidCheckpointException(folder, null, layouts.Count > 0
                ? $"holds no {precision} graphs, but {string.Join(", ", layouts.Select(found => found.Precision))}."
                : "holds neither visual/model.onnx and textual/model.onnx nor onnx/vision_model.onnx and onnx/text_model.onnx. A single model.onnx of both towers is not loaded: export them one by one.");

        BundleManifest manifest = Describe(folder, id ?? IdOf(folder), layout, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return ModelBundle.FromManifest(folder, manifest);
    }

    private static BundleManifest Describe(string folder, string id, ReadyMadeLayout layout, CancellationToken cancellationToken)
    {
        ReadyMadeModel model = layout.Name == ReadyMadeLayout.Immich ? ReadyMadeModel.OfImmich(folder) : ReadyMadeModel.OfHuggingFace(folder);
        OnnxSignature visual = OnnxSignatureReader.Read(Path.Combine(folder, layout.Visual), cancellationToken);
        OnnxSignature textual = OnnxSignatureReader.Read(Path.Combine(folder, layout.Textual), cancellationToken);
        GraphSpec vision = TowerSignature.OfVision(Path.Combine(folder, layout.Visual), layout.Visual, visual, model);
        GraphSpec text = TowerSignature.OfText(Path.Combine(folder, layout.Textual), layout.Textual, textual, model);
        string place = layout.Name == ReadyMadeLayout.Immich ? "textual/" : "";
        bool sentencePiece = model.OpenClipText is null
            ? model.Scoring.Kind == ScoringKind.Sigmoid
            : model.OpenClipText.Text("hf_tokenizer_name") is { Length: > 0 } && !File.Exists(Path.Combine(folder, place, "merges.txt"));
        TextCleaning? cleaning = model.OpenClipText is null ? null : OpenClipConfiguration.CleaningOf(model.OpenClipText);
        TokenizerSpec tokenizer = TokenizerFinder.Find(folder, place, sentencePiece, cleaning, model.Architecture.Text);

        List<string> notes = [.. model.Notes, .. tokenizer.Files.Count == 0 ? (string[])["There is no vocabulary: only tokens can be encoded, not texts."] : []];
        string[] names =
        [
            layout.Visual, .. visual.ExternalFiles.Select(file => Beside(layout.Visual, file)),
            layout.Textual, .. textual.ExternalFiles.Select(file => Beside(layout.Textual, file)),
            .. tokenizer.Files,
        ];
        return new BundleManifest
        {
            Format = BundleManifest.CurrentFormat,
            Id = id,
            Architecture = model.Architecture,
            Scoring = model.Scoring,
            Preprocessing = model.Preprocessing,
            Tokenizer = tokenizer,
            Visual = vision,
            Textual = text,
            Precision = layout.Precision,
            Weights = layout.Precision switch
            {
                ModelPrecision.Fp16 => WeightStorage.Fp16,
                ModelPrecision.DynamicInt8 => WeightStorage.EightBit,
                _ => WeightStorage.Fp32,
            },
            Source = new ModelSource { Url = Path.GetFileName(folder) },
            Converter = $"{CheckpointConverter.Version}, ready-made ({layout.Name} layout)",
            Notes = notes.Count > 0 ? notes : null,
            Files = [.. names.Distinct(StringComparer.Ordinal).Select(name => Describe(folder, name, cancellationToken))],
        };
    }

    private static BundleFile Describe(string folder, string name, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, name);
        try
        {
            using FileStream stream = File.OpenRead(path);
            return new BundleFile { Name = name, Size = stream.Length, Sha256 = CheckpointHash.Compute(path, cancellationToken) };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidCheckpointException(path, null, $"cannot be read: {exception.Message}", exception);
        }
    }

    private static string Beside(string graph, string file) => graph.LastIndexOf('/') is int at and >= 0 ? $"{graph[..at]}/{file}" : file;

    private static string IdOf(string folder)
    {
        string name = string.Concat(Path.GetFileName(folder).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '@' ? c : '-'));
        return name.Length is 0 ? "model" : name[..Math.Min(128, name.Length)];
    }
}
