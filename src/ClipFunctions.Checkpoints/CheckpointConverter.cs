using System.Reflection;
using System.Security.Cryptography;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Graphs;
using ClipFunctions.Checkpoints.Layouts;
using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints;

/// <summary>Turns published weights into a model bundle: reads the checkpoint, infers and checks the architecture, writes the two graphs. The same input gives the same bytes.</summary>
public static class CheckpointConverter
{
    private const string VisualFile = "visual.onnx";
    private const string TextualFile = "textual.onnx";
    private const string LabelsFile = "labels.json";

    /// <summary>The name and version that bundles carry.</summary>
    public static string Version { get; } = $"ClipFunctions {typeof(CheckpointConverter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0"}";

    /// <summary>Converts a checkpoint in safetensors form with openai's tensor names.</summary>
    /// <param name="source">The <c>.safetensors</c> file, or a folder with exactly one.</param>
    /// <param name="destinationFolder">The bundle's folder. It appears whole or not at all: it is written beside its place and renamed.</param>
    /// <param name="options">How; the stated defaults if null.</param>
    /// <param name="progress">Told of each stage and of the weights written.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing behind.</param>
    /// <returns>The bundle.</returns>
    /// <exception cref="InvalidCheckpointException">The checkpoint cannot be read or is no CLIP model that is known.</exception>
    /// <exception cref="InvalidBundleException">What the options or the card say makes no valid bundle.</exception>
    /// <exception cref="IOException">The destination exists and is not to be replaced, or cannot be written.</exception>
    public static Task<ModelBundle> ConvertAsync(
        string source,
        string destinationFolder,
        ConversionOptions? options = null,
        IProgress<ConversionProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(destinationFolder);
        return Task.Run(() => Convert(source, Path.GetFullPath(destinationFolder), options ?? new ConversionOptions(), progress, cancellationToken), cancellationToken);
    }

    private static ModelBundle Convert(string source, string destination, ConversionOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        if (!options.Overwrite && Path.Exists(destination))
        {
            throw new IOException($"{destination} is already there.");
        }

        string file = FindCheckpoint(source);
        string beside = Path.GetDirectoryName(Path.GetFullPath(file))!;
        string cardPath = Path.Combine(beside, ModelCard.FileName);
        ModelCard card = File.Exists(cardPath) ? ModelCard.Load(cardPath) : new ModelCard();

        string temporary = $"{destination}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp";
        Directory.CreateDirectory(temporary);
        try
        {
            BundleManifest manifest = Write(file, beside, card, temporary, options, progress, cancellationToken);
            manifest.Validate(Path.Combine(destination, BundleManifest.FileName));
            manifest.Save(Path.Combine(temporary, BundleManifest.FileName));
            cancellationToken.ThrowIfCancellationRequested();
            Place(temporary, destination, options.Overwrite);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }

        return ModelBundle.Open(destination);
    }

    private static BundleManifest Write(string file, string beside, ModelCard card, string folder, ConversionOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(new ConversionProgress("reading", 0, 0));
        using SafetensorsFile checkpoint = SafetensorsFile.Open(file);
        ClipArchitecture architecture = OpenAiLayout.Infer(checkpoint, options.Activation ?? card.ActivationKind(Path.Combine(beside, ModelCard.FileName)) ?? ActivationKind.QuickGelu);
        int context = architecture.Text.ContextLength;
        if (card.ContextLength is { } stated && stated != context)
        {
            throw new InvalidCheckpointException(file, "positional_embedding", $"has {context} positions; the model card says {stated}.");
        }

        PreprocessingSpec preprocessing = new()
        {
            Size = architecture.Vision.ImageSize,
            Mean = options.Mean ?? card.Mean ?? PreprocessingSpec.OpenAiMean,
            Std = options.Std ?? card.Std ?? PreprocessingSpec.OpenAiStd,
        };
        VisionInput input = options.VisionInput == GraphInputKind.PixelsUInt8Nhwc ? VisionInput.Bytes : VisionInput.NormalisedFloats;
        OnnxGraph visual = VisionTower.Build(checkpoint, architecture, preprocessing, input, options.Weights);
        OnnxGraph textual = new TextTransformerGraph(checkpoint, architecture, options.Weights).Graph;

        long total = visual.Initializers.Sum(tensor => tensor.Length) + textual.Initializers.Sum(tensor => tensor.Length);
        long done = 0;
        void Advance(long bytes) => progress?.Report(new ConversionProgress("writing", done += bytes, total));

        List<string> names = [];
        names.AddRange(OnnxModelWriter.Write(visual, Path.Combine(folder, VisualFile), Version, options.InlineLimit, Advance, cancellationToken));
        names.AddRange(OnnxModelWriter.Write(textual, Path.Combine(folder, TextualFile), Version, options.InlineLimit, Advance, cancellationToken));

        string[] vocabulary = FindVocabulary(beside, card, options);
        foreach (string path in vocabulary)
        {
            names.Add(Copy(path, folder, Path.GetFileName(path)));
        }

        string? labels = options.LabelsFile ?? Beside(beside, card.Labels ?? LabelsFile, required: card.Labels is not null);
        if (labels is not null)
        {
            names.Add(Copy(labels, folder, LabelsFile));
        }

        progress?.Report(new ConversionProgress("hashing", total, total));
        return new BundleManifest
        {
            Format = BundleManifest.CurrentFormat,
            Id = options.Id ?? card.Id ?? Path.GetFileNameWithoutExtension(file),
            Architecture = architecture,
            Scoring = new ScoringRule { Kind = ScoringKind.Softmax, LogitScale = LogitScale(checkpoint) },
            Preprocessing = preprocessing,
            Tokenizer = new TokenizerSpec { Kind = TokenizerSpec.ClipBpe, ContextLength = context, Files = [.. vocabulary.Select(path => Path.GetFileName(path))] },
            Visual = new GraphSpec { File = VisualFile, Input = VisionTower.InputName, InputKind = options.VisionInput, Output = TowerGraph.OutputName },
            Textual = new GraphSpec { File = TextualFile, Input = TextTransformerGraph.InputName, InputKind = GraphInputKind.TokensInt32, Output = TowerGraph.OutputName, DynamicContext = architecture.Text.Causal },
            Precision = ModelPrecision.Fp32,
            Weights = options.Weights,
            Source = (options.Source ?? new ModelSource { Url = Path.GetFileName(file) }) with { Sha256 = Hash(file, cancellationToken) },
            Converter = Version,
            Labels = labels is null ? null : LabelsFile,
            Files = [.. names.Select(name => Describe(folder, name, cancellationToken))],
        };
    }

    private static float LogitScale(SafetensorsFile checkpoint)
    {
        float[] value = new float[1];
        checkpoint.Read(checkpoint.Tensors["logit_scale"], 0, value);
        float scale = MathF.Exp(value[0]);
        return scale > 0 && float.IsFinite(scale)
            ? scale
            : throw new InvalidCheckpointException(checkpoint.Name, "logit_scale", $"expected the logarithm of a positive number, found {value[0]}.");
    }

    private static string FindCheckpoint(string source)
    {
        if (File.Exists(source))
        {
            return source;
        }

        if (!Directory.Exists(source))
        {
            throw new InvalidCheckpointException(source, null, "there is no such file or folder.");
        }

        string[] files = Directory.GetFiles(source, "*.safetensors");
        return files.Length == 1
            ? files[0]
            : throw new InvalidCheckpointException(source, null, $"expected one .safetensors file in the folder, found {files.Length}.");
    }

    private static string[] FindVocabulary(string beside, ModelCard card, ConversionOptions options)
    {
        if (options.TokenizerFiles is { } named)
        {
            return [.. named];
        }

        if (card.Tokenizer is { } tokenizer)
        {
            return [Beside(beside, tokenizer, required: true)!];
        }

        string vocabulary = Path.Combine(beside, "vocab.json");
        string merges = Path.Combine(beside, "merges.txt");
        if (File.Exists(vocabulary) && File.Exists(merges))
        {
            return [vocabulary, merges];
        }

        string[] packed = Directory.GetFiles(beside, "bpe*.txt.gz");
        return packed.Length <= 1
            ? packed
            : throw new InvalidCheckpointException(beside, null, $"expected one bpe*.txt.gz, found {packed.Length}; name the one to take.");
    }

    private static string? Beside(string folder, string name, bool required)
    {
        if (Path.GetFileName(name) != name)
        {
            throw new InvalidCheckpointException(Path.Combine(folder, ModelCard.FileName), name, "is no name of a file beside the card.");
        }

        string path = Path.Combine(folder, name);
        if (File.Exists(path))
        {
            return path;
        }

        return required ? throw new InvalidCheckpointException(path, null, "there is no such file, but the model card names it.") : null;
    }

    private static string Copy(string path, string folder, string name)
    {
        try
        {
            File.Copy(path, Path.Combine(folder, name));
            return name;
        }
        catch (FileNotFoundException exception)
        {
            throw new InvalidCheckpointException(path, null, "there is no such file.", exception);
        }
    }

    private static BundleFile Describe(string folder, string name, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, name);
        return new BundleFile { Name = name, Size = new FileInfo(path).Length, Sha256 = Hash(path, cancellationToken) };
    }

    private static string Hash(string path, CancellationToken cancellationToken)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer.AsSpan(0, read));
        }

        return System.Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Place(string temporary, string destination, bool overwrite)
    {
        if (!overwrite || !Directory.Exists(destination))
        {
            Directory.Move(temporary, destination);
            return;
        }

        string old = $"{temporary}.old";
        Directory.Move(destination, old);
        try
        {
            Directory.Move(temporary, destination);
        }
        catch
        {
            Directory.Move(old, destination);
            throw;
        }

        Directory.Delete(old, recursive: true);
    }
}
