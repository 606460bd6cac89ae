using System.Reflection;
using ClipFunctions.Checkpoints.Configuration;
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

    /// <summary>
    /// Converts a checkpoint in any of the published forms (safetensors, sharded or not; TorchScript archive; <c>torch.save</c>) and namings
    /// (openai/CLIP, open_clip, Hugging Face).
    /// </summary>
    /// <param name="source">The file of weights (of sharded ones the index), or the folder that holds it.</param>
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
        return Task.Run(() => ConvertCoreAsync(source, Path.GetFullPath(destinationFolder), options ?? new ConversionOptions(), progress, cancellationToken), cancellationToken);
    }

    private static async Task<ModelBundle> ConvertCoreAsync(string source, string destination, ConversionOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        if (!options.Overwrite && Path.Exists(destination))
        {
            throw new IOException($"{destination} is already there.");
        }

        string file = CheckpointFolder.Find(source);
        string beside = Path.GetDirectoryName(Path.GetFullPath(file))!;
        string cardPath = Path.Combine(beside, ModelCard.FileName);
        ModelCard card = File.Exists(cardPath) ? ModelCard.Load(cardPath) : new ModelCard();

        string temporary = $"{destination}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp";
        Directory.CreateDirectory(temporary);
        try
        {
            BundleManifest manifest = await WriteAsync(file, beside, card, temporary, options, progress, cancellationToken).ConfigureAwait(false);
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

    private static async Task<BundleManifest> WriteAsync(string file, string beside, ModelCard card, string folder, ConversionOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(new ConversionProgress("reading", 0, 0));
        using ICheckpoint checkpoint = CheckpointFile.Open(file);
        ModelConfiguration configuration = Configure(checkpoint, file, beside, card, options);
        ModelLayout layout = ModelLayout.Read(checkpoint, configuration);
        ClipArchitecture architecture = layout.Architecture;
        int context = architecture.Text.ContextLength;
        if (card.ContextLength is { } stated && stated != context)
        {
            throw new InvalidCheckpointException(file, "positional_embedding", $"has {context} positions; the model card says {stated}.");
        }

        ScoringRule scoring = Scoring(layout.Tensors, configuration);
        PreprocessingSpec preprocessing = configuration.Preprocessing(architecture.Vision.ImageSize, scoring.Kind);
        WeightStorage weights = options.Precision switch
        {
            ModelPrecision.Fp32 => options.Weights,
            ModelPrecision.Fp16 => WeightStorage.Fp16,
            ModelPrecision.DynamicInt8 => WeightStorage.EightBit,
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Precision, "No such precision."),
        };
        GraphOptions graphs = new(options.Precision, weights, options.VisionInput == GraphInputKind.PixelsUInt8Nhwc ? VisionInput.Bytes : VisionInput.NormalisedFloats);

        // The checkpoint's hash and the two graphs need nothing of one another.
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<string> hash = Task.Run(() => CheckpointHash.Compute(file, stop.Token), stop.Token);
        Task<IReadOnlyList<BundleFile>>[] towers = [];
        try
        {
            OnnxGraph visual = VisionTower.Build(layout.Tensors, architecture, preprocessing, graphs);
            OnnxGraph textual = new TextTransformerGraph(layout.Tensors, architecture, graphs).Graph;

            long total = visual.Initializers.Sum(tensor => tensor.Length) + textual.Initializers.Sum(tensor => tensor.Length);
            long done = 0;
            Lock reporting = new();
            void Advance(long bytes)
            {
                lock (reporting)
                {
                    progress?.Report(new ConversionProgress("writing", done += bytes, total));
                }
            }

            Task<IReadOnlyList<BundleFile>> Start(OnnxGraph graph, string name)
                => Task.Run(() => OnnxModelWriter.Write(graph, Path.Combine(folder, name), Version, options.InlineLimit, Advance, stop.Token), stop.Token);

            towers = [Start(visual, VisualFile), Start(textual, TextualFile)];
            List<BundleFile> files = [.. (await Task.WhenAll(towers).ConfigureAwait(false)).SelectMany(written => written)];
            (TokenizerSpec tokenizer, IReadOnlyList<string> vocabulary) = Vocabulary(beside, architecture.Text, configuration, options.TokenizerFiles ?? (card.Tokenizer is { } named ? [Beside(beside, named, required: true)!] : null));
            foreach (string path in vocabulary)
            {
                files.Add(Copy(path, folder, Path.GetFileName(path), cancellationToken));
            }

            string? labels = options.LabelsFile ?? Beside(beside, card.Labels ?? LabelsFile, required: card.Labels is not null);
            if (labels is not null)
            {
                files.Add(Copy(labels, folder, LabelsFile, cancellationToken));
            }

            progress?.Report(new ConversionProgress("hashing", total, total));
            return new BundleManifest
            {
                Format = BundleManifest.CurrentFormat,
                Id = options.Id ?? card.Id ?? Path.GetFileNameWithoutExtension(file),
                Architecture = architecture,
                Scoring = scoring,
                Preprocessing = preprocessing,
                Tokenizer = tokenizer,
                Visual = new GraphSpec { File = VisualFile, Input = VisionTower.InputName, InputKind = options.VisionInput, Output = TowerGraph.OutputName },
                Textual = new GraphSpec { File = TextualFile, Input = TextTransformerGraph.InputName, InputKind = GraphInputKind.TokensInt32, Output = TowerGraph.OutputName, DynamicContext = architecture.Text.Causal && architecture.Text.Pooling != TextPooling.Last },
                Precision = options.Precision,
                Weights = weights,
                Source = (options.Source ?? new ModelSource { Url = Path.GetFileName(file) }) with { Sha256 = await hash.ConfigureAwait(false) },
                Converter = Version,
                Labels = labels is null ? null : LabelsFile,
                Files = files,
            };
        }
        catch
        {
            // No file may be read or written any more when the error is told.
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll([hash, .. towers]).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
            throw;
        }
    }

    // SigLIP's text towers, which no mask hides anything from, have SentencePiece vocabularies; CLIP's have openai's BPE.
    private static (TokenizerSpec Spec, IReadOnlyList<string> Files) Vocabulary(string beside, TextArchitecture text, ModelConfiguration configuration, IReadOnlyList<string>? named)
    {
        bool sentencePiece = !text.Causal && text.Pooling == TextPooling.Last;
        TokenizerSpec spec = named is null
            ? TokenizerFinder.Find(beside, "", sentencePiece, configuration.Cleaning, text)
            : TokenizerFinder.Describe(beside, "", [.. named.Select(path => Path.GetFileName(path))], sentencePiece, configuration.Cleaning, text);
        return (spec, named ?? [.. spec.Files.Select(file => Path.Combine(beside, file))]);
    }

    private static ModelConfiguration Configure(ICheckpoint checkpoint, string file, string beside, ModelCard card, ConversionOptions options)
    {
        ModelConfiguration configuration = ConfigurationFinder.Find(checkpoint, beside, options.ConfigurationFile);
        ActivationKind? activation = options.Activation ?? card.ActivationKind(Path.Combine(beside, ModelCard.FileName));
        if (activation is null && configuration.Origin is null && Path.GetFileName(file).StartsWith("open_clip", StringComparison.Ordinal))
        {
            throw new InvalidCheckpointException(file, null, "no open_clip_config.json lies beside it, and no tensor tells the activation: put it there, or state the activation (open_clip's default is gelu).");
        }

        return configuration with
        {
            VisionActivation = activation ?? configuration.VisionActivation,
            TextActivation = activation ?? configuration.TextActivation,
            Mean = options.Mean ?? card.Mean ?? configuration.Mean,
            Std = options.Std ?? card.Std ?? configuration.Std,
            ResizeMode = options.ResizeMode ?? configuration.ResizeMode,
            Interpolation = options.Interpolation ?? configuration.Interpolation,
        };
    }

    private static ScoringRule Scoring(ICheckpoint checkpoint, ModelConfiguration configuration)
    {
        bool biased = checkpoint.Tensors.ContainsKey("logit_bias");
        float logarithm = Scalar(checkpoint, "logit_scale");
        float scale = MathF.Exp(logarithm);
        if (!(scale > 0 && float.IsFinite(scale)))
        {
            throw new InvalidCheckpointException(checkpoint.Name, "logit_scale", $"expected the logarithm of a positive number, found {logarithm}.");
        }

        return new ScoringRule
        {
            Kind = configuration.Scoring ?? (biased ? ScoringKind.Sigmoid : ScoringKind.Softmax),
            LogitScale = scale,
            LogitBias = biased ? Scalar(checkpoint, "logit_bias") : 0,
        };
    }

    private static float Scalar(ICheckpoint checkpoint, string name)
    {
        float[] value = new float[1];
        checkpoint.Read(checkpoint.Tensors[name], 0, value);
        return value[0];
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

    private static BundleFile Copy(string path, string folder, string name, CancellationToken cancellationToken)
    {
        try
        {
            string target = Path.Combine(folder, name);
            File.Copy(path, target);
            return new BundleFile { Name = name, Size = new FileInfo(target).Length, Sha256 = CheckpointHash.Compute(target, cancellationToken) };
        }
        catch (FileNotFoundException exception)
        {
            throw new InvalidCheckpointException(path, null, "there is no such file.", exception);
        }
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
