using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Onnx;
using ClipFunctions.Clip.Bundles;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>What the builders of both towers share.</summary>
internal abstract class TowerGraph
{
    public const string OutputName = "embedding";

    private readonly ModelPrecision _precision;
    private readonly float _normEpsilon;

    protected TowerGraph(string name, ICheckpoint checkpoint, GraphOptions options, float normEpsilon)
    {
        Graph = new OnnxGraph(name);
        Weights = new WeightSource(checkpoint, Graph, options.Weights, options.Precision);
        _precision = options.Precision;
        _normEpsilon = normEpsilon;
    }

    public OnnxGraph Graph { get; }

    protected WeightSource Weights { get; }

    protected bool IsHalfPrecision => _precision == ModelPrecision.Fp16;

    protected bool IsQuantized => _precision == ModelPrecision.DynamicInt8;

    /// <summary><c>x · Wᵀ + b</c> of rows, with the weight as PyTorch's Linear keeps it.</summary>
    protected string Linear(string x, string weight, string? bias)
        => Graph.Add("Gemm", bias is null ? [x, weight] : [x, weight, bias], null, "", ("transB", 1));

    /// <summary>A linear layer of a transformer's block, in 8 bits where the graph is quantised.</summary>
    protected string Linear(string x, string layer)
    {
        string weight = $"{layer}.weight";
        return IsQuantized
            ? Quantized(x, Weights.Quantized(weight, 0, Weights.Rows(weight), true), Weights.Single($"{layer}.bias"))
            : Linear(x, Weights.Matrix(weight), Weights.Vector($"{layer}.bias"));
    }

    /// <summary>Some rows of a layer whose weight and bias hold several layers' one after the other.</summary>
    protected string Linear(string x, string weight, string bias, long start, long count)
        => IsQuantized
            ? Quantized(x, Weights.Quantized(weight, start, count, true), Weights.Single(bias, start, count))
            : Linear(x, Weights.Rows(weight, start, count), Weights.Vector(bias, start, count));

    protected string Reshape(string x, params long[] shape) => Graph.Add("Reshape", [x, Graph.Integers(shape)]);

    protected string Transpose(string x, params long[] permutation) => Graph.Add("Transpose", [x], null, "", ("perm", permutation));

    /// <summary>A layer norm: in 32 bits, whatever the graph computes in, as the reference's own class does it.</summary>
    protected string LayerNorm(string x, string name)
        => ToCompute(Graph.Add("LayerNormalization", [ToSingle(x), Weights.Single($"{name}.weight"), Weights.Single($"{name}.bias")], null, "", ("axis", -1), ("epsilon", _normEpsilon)));

    /// <summary>
    /// The layer norm of <c>x + skip</c>, and that sum. Two nodes rather than <c>SkipLayerNormalization</c>, whose loop the CPU provider
    /// does not vectorise: measured four times as slow.
    /// </summary>
    protected (string Norm, string Sum) AddAndNorm(string x, string skip, string name)
    {
        string sum = Graph.Add("Add", [x, skip]);
        return (LayerNorm(sum, name), sum);
    }

    /// <summary>A value of the graph's own type as 32-bit floats.</summary>
    protected string ToSingle(string x) => IsHalfPrecision ? Graph.Add("Cast", [x], null, "", ("to", (int)DataType.Float)) : x;

    /// <summary>32-bit floats in the graph's own type.</summary>
    protected string ToCompute(string x) => IsHalfPrecision ? Graph.Add("Cast", [x], null, "", ("to", (int)DataType.Float16)) : x;

    /// <summary>Adds the last node, whose output as 32-bit floats is the graph's.</summary>
    protected void Finish(string op, IEnumerable<string> inputs, int dimension, params (string Name, object Value)[] attributes)
    {
        string last = Graph.Add(op, inputs, IsHalfPrecision ? null : OutputName, "", attributes);
        if (IsHalfPrecision)
        {
            Graph.Add("Cast", [last], OutputName, "", ("to", (int)DataType.Float));
        }

        Graph.Output(OutputName, DataType.Float, "n", dimension);
    }

    /// <summary>
    /// Attention of one query per row over all positions of the row. Nothing is projected for each position: a head's score is
    /// <c>(q·Wk)·x</c> and its output <c>(Σ a·x)·Wv + bv</c>, which is the same sum in another order, and the keys' bias shifts all scores of a
    /// head alike, so that the softmax drops it.
    /// </summary>
    /// <param name="query">The projected query, <c>[n, width]</c>, or one for all rows, <c>[1, width]</c>.</param>
    /// <param name="positions">What is attended to, <c>[n, length, width]</c>.</param>
    /// <param name="mask">Added to the scores, 32-bit floats <c>[n, 1, length]</c>; null for none.</param>
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
        string scores = ToSingle(Graph.AddFused("FusedMatMul", [keyed, positions], ("transB", 1), ("alpha", scale)));
        if (mask is not null)
        {
            scores = Graph.Add("Add", [scores, mask]);
        }

        string attention = ToCompute(Graph.Add("Softmax", [scores], null, "", ("axis", -1)));
        string mixed = Transpose(Graph.Add("MatMul", [attention, positions]), 1, 0, 2);
        string values = Graph.AddFused("FusedMatMul", [mixed, valueWeight], ("transB", 1));
        return Graph.Add("Add", [Reshape(Transpose(values, 1, 0, 2), -1, width), valueBias]);
    }

    private string Quantized(string x, (string Integers, string Scales) weight, string bias)
        => Graph.AddFused("DynamicQuantizeMatMul", [x, weight.Integers, weight.Scales, "", bias]);
}
