using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>What the builders of both towers share.</summary>
internal abstract class TowerGraph
{
    public const string OutputName = "embedding";

    private const float LayerNormEpsilon = 1e-5f;

    protected TowerGraph(string name, ICheckpoint checkpoint, WeightStorage storage)
    {
        Graph = new OnnxGraph(name);
        Weights = new WeightSource(checkpoint, Graph, storage);
    }

    public OnnxGraph Graph { get; }

    protected WeightSource Weights { get; }

    /// <summary><c>x · Wᵀ + b</c> of rows, with the weight as PyTorch's Linear keeps it.</summary>
    protected string Linear(string x, string weight, string? bias)
        => Graph.Add("Gemm", bias is null ? [x, weight] : [x, weight, bias], null, "", ("transB", 1));

    /// <summary>A linear layer of the checkpoint.</summary>
    protected string Linear(string x, string layer) => Linear(x, Weights.Matrix($"{layer}.weight"), Weights.Vector($"{layer}.bias"));

    protected string Reshape(string x, params long[] shape) => Graph.Add("Reshape", [x, Graph.Integers(shape)]);

    protected string Transpose(string x, params long[] permutation) => Graph.Add("Transpose", [x], null, "", ("perm", permutation));

    protected string LayerNorm(string x, string name)
        => Graph.Add("LayerNormalization", [x, Weights.Vector($"{name}.weight"), Weights.Vector($"{name}.bias")], null, "", ("axis", -1), ("epsilon", LayerNormEpsilon));

    /// <summary>
    /// The layer norm of <c>x + skip</c>, and that sum. Two nodes rather than <c>SkipLayerNormalization</c>, whose loop the CPU provider
    /// does not vectorise: measured four times as slow.
    /// </summary>
    protected (string Norm, string Sum) AddAndNorm(string x, string skip, string name)
    {
        string sum = Graph.Add("Add", [x, skip]);
        return (LayerNorm(sum, name), sum);
    }

    /// <summary>
    /// Attention of one query per row over all positions of the row. Nothing is projected for each position: a head's score is
    /// <c>(q·Wk)·x</c> and its output <c>(Σ a·x)·Wv + bv</c>, which is the same sum in another order, and the keys' bias shifts all scores of a
    /// head alike, so that the softmax drops it.
    /// </summary>
    /// <param name="query">The projected query, <c>[n, width]</c>.</param>
    /// <param name="positions">What is attended to, <c>[n, length, width]</c>.</param>
    /// <param name="mask">Added to the scores, <c>[n, 1, length]</c>; null for none.</param>
    /// <param name="keyWeight">The keys' projection, <c>[heads, head width, width]</c>.</param>
    /// <param name="valueWeight">The values' projection, <c>[heads, head width, width]</c>.</param>
    /// <param name="valueBias">Its bias, <c>[width]</c>.</param>
    /// <param name="width">The width.</param>
    /// <param name="heads">The heads.</param>
    /// <returns>The heads' outputs side by side, <c>[n, width]</c>.</returns>
    protected string AttendOnce(string query, string positions, string? mask, string keyWeight, string valueWeight, string valueBias, int width, int heads)
    {
        float scale = (float)(1 / Math.Sqrt((double)width / heads));
        string byHead = Transpose(Reshape(query, -1, heads, width / heads), 1, 0, 2);
        string keyed = Transpose(Graph.Add("MatMul", [byHead, keyWeight]), 1, 0, 2);
        string scores = Graph.AddFused("FusedMatMul", [keyed, positions], ("transB", 1), ("alpha", scale));
        if (mask is not null)
        {
            scores = Graph.Add("Add", [scores, mask]);
        }

        string attention = Graph.Add("Softmax", [scores], null, "", ("axis", -1));
        string mixed = Transpose(Graph.Add("MatMul", [attention, positions]), 1, 0, 2);
        string values = Graph.AddFused("FusedMatMul", [mixed, valueWeight], ("transB", 1));
        return Graph.Add("Add", [Reshape(Transpose(values, 1, 0, 2), -1, width), valueBias]);
    }
}
