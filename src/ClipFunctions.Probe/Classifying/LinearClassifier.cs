using System.Globalization;
using System.Numerics.Tensors;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Metrics;

namespace ClipFunctions.Probe.Classifying;

/// <summary>
/// A linear classifier as scikit-learn's: <c>features · weightsᵀ + intercepts</c>, one score for each class; for two classes a single one, which
/// is above 0 for the second class. Usable from any thread.
/// </summary>
public sealed class LinearClassifier
{
    private readonly double[] _weights;
    private readonly double[] _intercepts;
    private readonly string[] _classes;

    private LinearClassifier(double[] weights, double[] intercepts, string[] classes, int dimension)
    {
        (_weights, _intercepts, _classes) = (weights, intercepts, classes);
        Dimension = dimension;
    }

    /// <summary>Features of a row.</summary>
    public int Dimension { get; }

    /// <summary>The classes' names.</summary>
    public IReadOnlyList<string> Classes => _classes;

    /// <summary>What computed the features that it was fitted on, for CLIP's vectors the model's fingerprint; null if that is not known.</summary>
    public string? FeatureSource { get; private init; }

    /// <summary>Rows of weights, and scores of a row: as many as classes, but 1 for two.</summary>
    public int Outputs => _intercepts.Length;

    /// <summary>The weights, <c>[outputs, dimension]</c>; scikit-learn's <c>coef_</c>.</summary>
    public ReadOnlyMemory<double> Weights => _weights;

    /// <summary>The intercepts, one for each row of weights; scikit-learn's <c>intercept_</c>.</summary>
    public ReadOnlyMemory<double> Intercepts => _intercepts;

    /// <summary>Makes a classifier; the numbers are copied.</summary>
    /// <param name="weights">Finite numbers, <c>[outputs, dimension]</c>.</param>
    /// <param name="intercepts">Finite numbers, one for each class, but a single one for two.</param>
    /// <param name="classes">Names, at least two, all different.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other, a number is not finite, or a name is empty or comes twice.</exception>
    public static LinearClassifier Create(ReadOnlySpan<double> weights, ReadOnlySpan<double> intercepts, IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        return Problem(weights, intercepts, classes) is { } problem
            ? throw new ArgumentException(problem)
            : Own(weights.ToArray(), intercepts.ToArray(), classes);
    }

    /// <summary>The same classifier, which tells what computed its features.</summary>
    /// <param name="source">For CLIP's vectors the model's fingerprint.</param>
    public LinearClassifier WithFeatureSource(string source)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        return new LinearClassifier(_weights, _intercepts, _classes, Dimension) { FeatureSource = source };
    }

    /// <summary>Loads a file that <see cref="Save(string)"/> or NumPy's <c>savez</c> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">It is no such file; the message tells what is wrong.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LinearClassifier Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return Load(stream);
    }

    /// <summary>Loads a <c>.npz</c> with the arrays <c>coef_</c>, <c>intercept_</c>, <c>classes_</c> (whole numbers or strings) and, if known, <c>feature_source_</c>.</summary>
    /// <param name="stream">The file, which can seek.</param>
    /// <exception cref="InvalidDataException">It is no such file; the message tells what is wrong.</exception>
    public static LinearClassifier Load(Stream stream) => ClassifierFile.Read(stream);

    /// <summary>Saves to a file, which is replaced if it exists; see <see cref="Save(Stream)"/>.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.Create(path);
        Save(stream);
    }

    /// <summary>
    /// Saves as a <c>.npz</c> that NumPy reads: <c>coef_</c> and <c>intercept_</c> in float64, <c>classes_</c> as int64 where every name is a whole
    /// number, else as strings. The same classifier gives the same bytes.
    /// </summary>
    /// <param name="stream">Where to.</param>
    public void Save(Stream stream) => ClassifierFile.Write(this, stream);

    /// <summary>The scores as scikit-learn's <c>decision_function</c> gives them: <c>[n, classes]</c>, for two classes <c>[n, 1]</c>.</summary>
    /// <param name="features">Rows of <see cref="Dimension"/> numbers.</param>
    /// <exception cref="ArgumentException">The rows have another length.</exception>
    public ScoreMatrix DecisionFunction(FeatureMatrix features)
    {
        ArgumentNullException.ThrowIfNull(features);
        CheckDimension(features.Dimension);
        float[] scores = new float[checked(features.Count * Outputs)];
        BatchScores.Compute(this, features, scores);
        return new ScoreMatrix(scores, features.Count, Outputs);
    }

    /// <summary>One score for each class, <c>[n, classes]</c>; for two classes 0 and the decision function. Their softmax is <see cref="PredictProbability(FeatureMatrix)"/>.</summary>
    /// <param name="features">Rows of <see cref="Dimension"/> numbers.</param>
    /// <exception cref="ArgumentException">The rows have another length.</exception>
    public ScoreMatrix Scores(FeatureMatrix features)
    {
        ScoreMatrix decision = DecisionFunction(features);
        if (Outputs > 1)
        {
            return decision;
        }

        float[] scores = new float[checked(2 * decision.Rows)];
        for (int row = 0; row < decision.Rows; row++)
        {
            scores[(2 * row) + 1] = decision[row][0];
        }

        return new ScoreMatrix(scores, decision.Rows, 2);
    }

    /// <summary>The index of every row's class.</summary>
    /// <param name="features">Rows of <see cref="Dimension"/> numbers.</param>
    /// <exception cref="ArgumentException">The rows have another length.</exception>
    public int[] Predict(FeatureMatrix features) => Scores(features).ArgMax();

    /// <summary>The probability of every class, <c>[n, classes]</c>.</summary>
    /// <param name="features">Rows of <see cref="Dimension"/> numbers.</param>
    /// <exception cref="ArgumentException">The rows have another length.</exception>
    public ScoreMatrix PredictProbability(FeatureMatrix features) => Scores(features).Softmax();

    /// <summary>The probability of every class for one row.</summary>
    /// <param name="features"><see cref="Dimension"/> numbers.</param>
    /// <param name="probabilities">Room for one number for each class.</param>
    /// <exception cref="ArgumentException">A length is another.</exception>
    public void PredictProbability(ReadOnlySpan<float> features, Span<float> probabilities)
    {
        Scores(features, probabilities);
        ScoreMatrix.Softmax(probabilities, probabilities);
    }

    /// <summary>One score for each class for one row, for two classes 0 and the decision function. Their softmax is <see cref="PredictProbability(ReadOnlySpan{float}, Span{float})"/>.</summary>
    /// <param name="features"><see cref="Dimension"/> numbers.</param>
    /// <param name="scores">Room for one number for each class.</param>
    /// <exception cref="ArgumentException">A length is another.</exception>
    public void Scores(ReadOnlySpan<float> features, Span<float> scores)
    {
        CheckDimension(features.Length);
        if (scores.Length != _classes.Length)
        {
            throw new ArgumentException(Text($"There is room for {scores.Length} scores, but there are {_classes.Length} classes."), nameof(scores));
        }

        scores[0] = 0;
        for (int output = 0; output < Outputs; output++)
        {
            ReadOnlySpan<double> weights = _weights.AsSpan(output * Dimension, Dimension);
            double score = _intercepts[output];
            for (int j = 0; j < weights.Length; j++)
            {
                score += weights[j] * features[j];
            }

            scores[Outputs == 1 ? 1 : output] = (float)score;
        }
    }

    internal static LinearClassifier Own(double[] weights, double[] intercepts, IReadOnlyList<string> classes, string? featureSource = null) =>
        new(weights, intercepts, [.. classes], weights.Length / intercepts.Length) { FeatureSource = featureSource };

    /// <summary>What is wrong with a classifier's parts; null if nothing.</summary>
    internal static string? Problem(ReadOnlySpan<double> weights, ReadOnlySpan<double> intercepts, IReadOnlyList<string> classes)
    {
        if (classes.Count < 2)
        {
            return Text($"A classifier needs at least two classes, but there are {classes.Count}.");
        }

        int outputs = classes.Count == 2 ? 1 : classes.Count;
        if (intercepts.Length != outputs)
        {
            return Text($"{classes.Count} classes need {outputs} intercepts, but there are {intercepts.Length}.");
        }

        if (weights.Length == 0 || weights.Length % outputs != 0)
        {
            return Text($"{weights.Length} weights are no {outputs} rows.");
        }

        if (!TensorPrimitives.IsFiniteAll(weights) || !TensorPrimitives.IsFiniteAll(intercepts))
        {
            return "A weight or intercept is not finite.";
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < classes.Count; i++)
        {
            if (string.IsNullOrEmpty(classes[i]))
            {
                return Text($"Class {i} has no name.");
            }

            if (!seen.Add(classes[i]))
            {
                return $"Two classes have the name '{classes[i]}'.";
            }
        }

        return null;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void CheckDimension(int dimension)
    {
        if (dimension != Dimension)
        {
            throw new ArgumentException(Text($"The rows have {dimension} features, the classifier has {Dimension}."));
        }
    }
}
