using System.Globalization;

namespace ClipFunctions.Clip.Bundles;

internal sealed class BundleManifestValidator(BundleManifest manifest, string origin)
{
    private const int MaximumImageSize = 4096;
    private const int MaximumWidth = 1 << 16;
    private const int MaximumContext = 1 << 16;
    private const int MaximumVocabulary = 1 << 24;
    private const int MaximumLayers = 1024;
    private const int MaximumFiles = 1024;

    public void Validate()
    {
        if (manifest.Format != BundleManifest.CurrentFormat)
        {
            throw Error("format", $"expected {BundleManifest.CurrentFormat}, found {manifest.Format}: another version of ClipFunctions wrote it.");
        }

        CheckId();
        CheckArchitecture(manifest.Architecture);
        CheckScoring(manifest.Scoring);
        CheckPreprocessing(manifest.Preprocessing);
        CheckFiles();
        CheckTokenizer(manifest.Tokenizer);
        CheckGraph("visual", manifest.Visual, GraphInputKind.PixelsUInt8Nhwc, GraphInputKind.PixelsFloat32Nchw);
        CheckGraph("textual", manifest.Textual, GraphInputKind.TokensInt32, GraphInputKind.TokensInt64);
        CheckDefined("precision", manifest.Precision);
        CheckDefined("weights", manifest.Weights);
        CheckText("converter", manifest.Converter);
        if (manifest.Labels is { } labels)
        {
            CheckListed("labels", labels);
        }

        if (manifest.Source is { } source)
        {
            CheckText("source.url", source.Url);
            if (source.Sha256 is { } hash)
            {
                CheckHash("source.sha256", hash);
            }
        }
    }

    private InvalidBundleException Error(string field, string problem) => new(origin, field, problem);

    private void CheckId()
    {
        CheckText("id", manifest.Id);
        if (manifest.Id.Length > 128)
        {
            throw Error("id", $"{manifest.Id.Length} characters are more than 128.");
        }

        foreach (char c in manifest.Id)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"._-@/".Contains(c, StringComparison.Ordinal))
            {
                throw Error("id", $"'{manifest.Id}' holds '{c}'; allowed are letters, digits and . _ - @ /");
            }
        }
    }

    private void CheckArchitecture(ClipArchitecture architecture)
    {
        CheckRange("architecture.embeddingDimension", architecture.EmbeddingDimension, MaximumWidth);
        CheckDefined("architecture.activation", architecture.Activation);

        VisionArchitecture vision = architecture.Vision;
        CheckDefined("architecture.vision.kind", vision.Kind);
        CheckRange("architecture.vision.imageSize", vision.ImageSize, MaximumImageSize);
        CheckRange("architecture.vision.width", vision.Width, MaximumWidth);
        CheckRange("architecture.vision.heads", vision.Heads, MaximumWidth);
        bool transformer = vision.Kind == VisionKind.VisionTransformer;
        int stages = transformer ? 1 : 4;
        if (vision.Layers.Count != stages)
        {
            throw Error("architecture.vision.layers", $"expected {stages} number(s), found {vision.Layers.Count}.");
        }

        for (int i = 0; i < stages; i++)
        {
            CheckRange($"architecture.vision.layers[{i}]", vision.Layers[i], MaximumLayers);
        }

        if (transformer)
        {
            CheckRange("architecture.vision.patchSize", vision.PatchSize ?? 0, vision.ImageSize);
            CheckRange("architecture.vision.mlpWidth", vision.MlpWidth ?? 0, MaximumWidth);
        }

        CheckDefined("architecture.vision.pooling", vision.Pooling);
        CheckEpsilon("architecture.vision.normEpsilon", vision.NormEpsilon);

        TextArchitecture text = architecture.Text;
        CheckRange("architecture.text.contextLength", text.ContextLength, MaximumContext);
        CheckRange("architecture.text.vocabularySize", text.VocabularySize, MaximumVocabulary);
        CheckRange("architecture.text.width", text.Width, MaximumWidth);
        CheckRange("architecture.text.layers", text.Layers, MaximumLayers);
        CheckRange("architecture.text.heads", text.Heads, MaximumWidth);
        CheckRange("architecture.text.mlpWidth", text.MlpWidth, MaximumWidth);
        CheckDefined("architecture.text.pooling", text.Pooling);
        CheckEpsilon("architecture.text.normEpsilon", text.NormEpsilon);
        if (text.Activation is { } activation)
        {
            CheckDefined("architecture.text.activation", activation);
        }

        if (text.Pooling == TextPooling.FirstEndToken != text.EndTokenId is not null)
        {
            throw Error("architecture.text.endTokenId", $"expected an id with the pooling {TextPooling.FirstEndToken} and none otherwise, found {text.EndTokenId?.ToString(CultureInfo.InvariantCulture) ?? "none"}.");
        }

        if (text.EndTokenId is { } end && (end < 0 || end >= text.VocabularySize))
        {
            throw Error("architecture.text.endTokenId", $"expected 0 to {text.VocabularySize - 1}, found {end}.");
        }
    }

    private void CheckScoring(ScoringRule scoring)
    {
        CheckDefined("scoring.kind", scoring.Kind);
        if (!(scoring.LogitScale > 0 && float.IsFinite(scoring.LogitScale)))
        {
            throw Error("scoring.logitScale", $"expected a number above 0, found {Text(scoring.LogitScale)}.");
        }

        CheckFinite("scoring.logitBias", scoring.LogitBias);
    }

    private void CheckPreprocessing(PreprocessingSpec preprocessing)
    {
        CheckRange("preprocessing.size", preprocessing.Size, MaximumImageSize);
        if (preprocessing.Size != manifest.Architecture.Vision.ImageSize)
        {
            throw Error("preprocessing.size", $"expected architecture.vision.imageSize ({manifest.Architecture.Vision.ImageSize}), found {preprocessing.Size}.");
        }

        CheckChannels("preprocessing.mean", preprocessing.Mean);
        CheckChannels("preprocessing.std", preprocessing.Std);
        for (int c = 0; c < 3; c++)
        {
            if (preprocessing.Std[c] <= 0)
            {
                throw Error($"preprocessing.std[{c}]", $"expected a number above 0, found {Text(preprocessing.Std[c])}.");
            }
        }

        CheckChoice("preprocessing.resizeMode", preprocessing.ResizeMode, "shortest", "squash", "longest");
        if (preprocessing.FillColor is < 0 or > byte.MaxValue)
        {
            throw Error("preprocessing.fillColor", $"expected 0 to {byte.MaxValue}, found {preprocessing.FillColor}.");
        }

        CheckChoice("preprocessing.interpolation", preprocessing.Interpolation, "bicubic", "bilinear");
    }

    private void CheckChannels(string field, IReadOnlyList<float> values)
    {
        if (values.Count != 3)
        {
            throw Error(field, $"expected 3 numbers, found {values.Count}.");
        }

        for (int c = 0; c < 3; c++)
        {
            CheckFinite($"{field}[{c}]", values[c]);
        }
    }

    private void CheckFiles()
    {
        if (manifest.Files.Count is 0 or > MaximumFiles)
        {
            throw Error("files", $"expected 1 to {MaximumFiles} files, found {manifest.Files.Count}.");
        }

        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < manifest.Files.Count; i++)
        {
            BundleFile file = manifest.Files[i] ?? throw Error($"files[{i}]", "expected an object, found null.");
            CheckFileName($"files[{i}].name", file.Name);
            if (!names.Add(file.Name))
            {
                throw Error($"files[{i}].name", $"'{file.Name}' is there twice.");
            }

            if (file.Size < 0)
            {
                throw Error($"files[{i}].size", $"expected 0 or more, found {file.Size}.");
            }

            CheckHash($"files[{i}].sha256", file.Sha256);
        }
    }

    private void CheckFileName(string field, string name)
    {
        CheckText(field, name);
        bool inside = name.Length <= 255
            && !name.Contains('\\', StringComparison.Ordinal)
            && !name.Contains(':', StringComparison.Ordinal)
            && !name.Any(char.IsControl)
            && name.Split('/').All(part => part.Length > 0 && part != "." && part != ".." && part[^1] != '.' && part[^1] != ' ');
        if (!inside)
        {
            throw Error(field, $"'{name}' is no path inside the bundle's folder.");
        }

        if (name.Equals(BundleManifest.FileName, StringComparison.OrdinalIgnoreCase))
        {
            throw Error(field, "the manifest cannot list itself.");
        }
    }

    private void CheckTokenizer(TokenizerSpec tokenizer)
    {
        CheckChoice("tokenizer.kind", tokenizer.Kind, TokenizerSpec.ClipBpe, TokenizerSpec.SentencePiece);
        bool sentencePiece = tokenizer.Kind == TokenizerSpec.SentencePiece;
        if (sentencePiece != tokenizer.Cleaning is not null)
        {
            throw Error("tokenizer.cleaning", $"expected one with the kind {TokenizerSpec.SentencePiece} and none otherwise, found {tokenizer.Cleaning?.ToString() ?? "none"}.");
        }

        if (tokenizer.Cleaning is { } cleaning)
        {
            CheckDefined("tokenizer.cleaning", cleaning);
        }

        int vocabulary = manifest.Architecture.Text.VocabularySize;
        if (sentencePiece ? tokenizer.PadTokenId is not { } pad || pad < 0 || pad >= vocabulary : tokenizer.PadTokenId is not null)
        {
            throw Error("tokenizer.padTokenId", $"expected {(sentencePiece ? $"0 to {vocabulary - 1}" : $"none with the kind {tokenizer.Kind}")}, found {tokenizer.PadTokenId?.ToString(CultureInfo.InvariantCulture) ?? "none"}.");
        }

        CheckRange("tokenizer.contextLength", tokenizer.ContextLength, manifest.Architecture.Text.ContextLength);
        for (int i = 0; i < tokenizer.Files.Count; i++)
        {
            CheckListed($"tokenizer.files[{i}]", tokenizer.Files[i]);
        }
    }

    private void CheckGraph(string field, GraphSpec graph, GraphInputKind first, GraphInputKind second)
    {
        CheckListed($"{field}.file", graph.File);
        CheckText($"{field}.input", graph.Input);
        CheckText($"{field}.output", graph.Output);
        if (graph.InputKind != first && graph.InputKind != second)
        {
            throw Error($"{field}.inputKind", $"expected {first} or {second}, found {graph.InputKind}.");
        }

        if (graph.AttentionMask is { } mask && (field == "visual" || string.IsNullOrWhiteSpace(mask) || mask == graph.Input))
        {
            throw Error($"{field}.attentionMask", $"expected the name of a text graph's second input, found '{mask}'.");
        }
    }

    private void CheckListed(string field, string name)
    {
        if (!manifest.Files.Any(file => file.Name == name))
        {
            throw Error(field, $"'{name}' is not among the files.");
        }
    }

    private void CheckHash(string field, string hash)
    {
        if (hash is not { Length: 64 } || hash.Any(c => !char.IsAsciiHexDigitLower(c)))
        {
            throw Error(field, $"expected 64 lower-case hex digits, found '{hash}'.");
        }
    }

    private void CheckText(string field, string value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            throw Error(field, "expected a text, found none.");
        }
    }

    private void CheckRange(string field, int value, int maximum)
    {
        if (value < 1 || value > maximum)
        {
            throw Error(field, $"expected 1 to {maximum}, found {value}.");
        }
    }

    private void CheckEpsilon(string field, float value)
    {
        if (!(value is > 0 and < 1))
        {
            throw Error(field, $"expected a number above 0 and below 1, found {Text(value)}.");
        }
    }

    private void CheckFinite(string field, float value)
    {
        if (!float.IsFinite(value))
        {
            throw Error(field, $"expected a finite number, found {Text(value)}.");
        }
    }

    private void CheckChoice(string field, string value, params ReadOnlySpan<string> choices)
    {
        if (!choices.Contains(value))
        {
            throw Error(field, $"expected {string.Join(" or ", choices.ToArray())}, found '{value}'.");
        }
    }

    private void CheckDefined<T>(string field, T value)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw Error(field, $"expected one of {string.Join(", ", Enum.GetNames<T>())}, found {value}.");
        }
    }

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}
