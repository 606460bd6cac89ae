using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ClipFunctions.Clip.Bundles;

/// <summary>
/// The fingerprint of a bundle: SHA-256 over the lines <c>key=value</c>, each ended by a line feed, in ordinal order of their
/// keys, of every field that determines an answer (architecture, activation, pooling, scoring, preprocessing, tokenizer, how the
/// graphs are fed, precision) and the SHA-256 of every file that does (graphs, their external data, vocabulary). Numbers are
/// written in their shortest round-trip form. Left out, because they change no answer: id, source, converter, the files' sizes and
/// names, notes, how the weights are stored, and the default label set, whose own <c>Id</c> stands in the keys that it matters for.
/// Neither the order nor the spacing of the JSON counts.
/// </summary>
public static class BundleFingerprint
{
    private const string Version = "clip-bundle/1";

    /// <summary>Computes the fingerprint: 64 lower-case hex digits.</summary>
    /// <param name="manifest">A valid manifest.</param>
    public static string Compute(BundleManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(CanonicalForm(manifest))));
    }

    internal static string CanonicalForm(BundleManifest manifest)
    {
        SortedDictionary<string, string> lines = new(StringComparer.Ordinal) { ["version"] = Version };
        void Add(string key, IFormattable value) => lines.Add(key, value.ToString(value is float ? "R" : null, CultureInfo.InvariantCulture));
        void AddAll<T>(string key, IReadOnlyList<T> values)
            where T : IFormattable
        {
            for (int i = 0; i < values.Count; i++)
            {
                Add($"{key}.{i:D4}", values[i]);
            }
        }

        ClipArchitecture architecture = manifest.Architecture;
        Add("embedding", architecture.EmbeddingDimension);
        Add("activation", architecture.Activation);

        VisionArchitecture vision = architecture.Vision;
        Add("vision.kind", vision.Kind);
        Add("vision.image", vision.ImageSize);
        Add("vision.patch", vision.PatchSize ?? 0);
        Add("vision.width", vision.Width);
        AddAll("vision.layers", vision.Layers);
        Add("vision.heads", vision.Heads);
        Add("vision.mlp", vision.MlpWidth ?? 0);

        // What came later stands here only where it is not the default, so that older bundles keep their fingerprints.
        if (vision.Pooling != VisionPooling.ClassToken)
        {
            Add("vision.pooling", vision.Pooling);
        }

        AddEpsilon("vision.epsilon", vision.NormEpsilon);

        TextArchitecture text = architecture.Text;
        Add("text.context", text.ContextLength);
        Add("text.vocabulary", text.VocabularySize);
        Add("text.width", text.Width);
        Add("text.layers", text.Layers);
        Add("text.heads", text.Heads);
        Add("text.mlp", text.MlpWidth);
        lines.Add("text.causal", text.Causal ? "yes" : "no");
        Add("text.pooling", text.Pooling);
        if (text.EndTokenId is { } end)
        {
            Add("text.end", end);
        }

        if (text.Activation is { } activation)
        {
            Add("text.activation", activation);
        }

        AddEpsilon("text.epsilon", text.NormEpsilon);

        Add("scoring.kind", manifest.Scoring.Kind);
        Add("scoring.scale", manifest.Scoring.LogitScale);
        Add("scoring.bias", manifest.Scoring.LogitBias);

        PreprocessingSpec preprocessing = manifest.Preprocessing;
        Add("pixels.size", preprocessing.Size);
        AddAll("pixels.mean", preprocessing.Mean);
        AddAll("pixels.std", preprocessing.Std);
        lines.Add("pixels.resize", preprocessing.ResizeMode);
        if (preprocessing.ResizeMode == "longest")
        {
            Add("pixels.fill", preprocessing.FillColor);
        }

        lines.Add("pixels.interpolation", preprocessing.Interpolation);

        lines.Add("tokens.kind", manifest.Tokenizer.Kind);
        Add("tokens.context", manifest.Tokenizer.ContextLength);
        if (manifest.Tokenizer.Cleaning is { } cleaning)
        {
            Add("tokens.cleaning", cleaning);
        }

        if (manifest.Tokenizer.PadTokenId is { } padding)
        {
            Add("tokens.padding", padding);
        }

        Add("precision", manifest.Precision);

        HashSet<string> placed = new(StringComparer.Ordinal);
        void AddFile(string key, string name)
        {
            placed.Add(name);
            lines.Add(key, manifest.Files.First(file => file.Name == name).Sha256);
        }

        AddGraph("visual", manifest.Visual);
        AddGraph("textual", manifest.Textual);
        for (int i = 0; i < manifest.Tokenizer.Files.Count; i++)
        {
            AddFile($"tokens.file.{i:D4}", manifest.Tokenizer.Files[i]);
        }

        if (manifest.Labels is { } labels)
        {
            placed.Add(labels);
        }

        // What remains is external data, which a graph knows by its name.
        foreach (BundleFile file in manifest.Files.Where(file => !placed.Contains(file.Name)))
        {
            lines.Add($"file.{file.Name}", file.Sha256);
        }

        StringBuilder canonical = new();
        foreach ((string key, string value) in lines)
        {
            canonical.Append(key).Append('=').Append(value).Append('\n');
        }

        return canonical.ToString();

        void AddEpsilon(string key, float epsilon)
        {
            if (epsilon != VisionArchitecture.DefaultNormEpsilon)
            {
                Add(key, epsilon);
            }
        }

        void AddGraph(string key, GraphSpec graph)
        {
            AddFile($"{key}.file", graph.File);
            lines.Add($"{key}.input", graph.Input);
            Add($"{key}.kind", graph.InputKind);
            lines.Add($"{key}.output", graph.Output);
            lines.Add($"{key}.dynamic", graph.DynamicContext ? "yes" : "no");
            if (graph.AttentionMask is { } mask)
            {
                lines.Add($"{key}.mask", mask);
            }

            if (graph.SingleItem)
            {
                lines.Add($"{key}.single", "yes");
            }
        }
    }
}
