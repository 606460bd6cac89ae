using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>The pre-norm residual blocks of both transformers.</summary>
internal abstract class TransformerGraph(string name, ICheckpoint checkpoint, GraphOptions options, float normEpsilon, ActivationKind activation)
    : TowerGraph(name, checkpoint, options, normEpsilon)
{
    /// <summary>
    /// All blocks and the norm behind them. Where one position of each row is all that is asked for, the norm and the last block's query,
    /// projection and MLP are computed for that position alone.
    /// </summary>
    /// <param name="prefix">What the blocks' names begin with.</param>
    /// <param name="width">Width of the residual stream.</param>
    /// <param name="layers">Number of blocks.</param>
    /// <param name="heads">Heads of each.</param>
    /// <param name="stream">The residual stream, <c>[n, length, width]</c>.</param>
    /// <param name="norm">Its first layer norm, of the same shape.</param>
    /// <param name="shape">The shape <c>[n, length, width]</c> as a value.</param>
    /// <param name="causal">Whether a position sees none after it.</param>
    /// <param name="pick">Takes the wanted position of <c>[n, length, width]</c>: <c>[n, width]</c>; null where all are wanted.</param>
    /// <param name="pickMask">Hides the positions behind the wanted one, <c>[n, 1, length]</c>; null where it sees all.</param>
    /// <param name="finalNorm">The name of the norm behind the blocks.</param>
    /// <returns>The wanted positions' normalised outputs, <c>[n, width]</c>; all positions', <c>[n · length, width]</c>, where all are wanted.</returns>
    protected string Blocks(string prefix, int width, int layers, int heads, string stream, string norm, string shape, bool causal, Func<string, string>? pick, string? pickMask, string finalNorm)
    {
        string rows = Reshape(norm, -1, width);
        string skip = Reshape(stream, -1, width);
        for (int i = 0; i < layers; i++)
        {
            string block = $"{prefix}.{i}";
            bool last = i == layers - 1;
            string attended;
            if (last && pick is not null)
            {
                string positions = Graph.Add("Reshape", [rows, shape]);
                string picked = pick(positions);
                skip = pick(Graph.Add("Reshape", [skip, shape]));
                attended = AttendOnce(
                    Projection(picked, block, 0, width),
                    positions,
                    pickMask,
                    Weights.Rows($"{block}.attn.in_proj_weight", width, width, heads, width / heads, width),
                    Weights.Rows($"{block}.attn.in_proj_weight", 2 * width, width, heads, width / heads, width),
                    Weights.Vector($"{block}.attn.in_proj_bias", 2L * width, width),
                    width,
                    heads);
            }
            else
            {
                attended = Attend(block, rows, shape, width, heads, causal);
            }

            (string middle, skip) = AddAndNorm(Linear(attended, $"{block}.attn.out_proj"), skip, $"{block}.ln_2");

            string hidden = Activate(middle, $"{block}.mlp.c_fc");
            string next = last ? finalNorm : $"{prefix}.{i + 1}.ln_1";
            (rows, skip) = AddAndNorm(Linear(hidden, $"{block}.mlp.c_proj"), skip, next);
        }

        return rows;
    }

    private string Attend(string block, string rows, string shape, int width, int heads, bool causal)
    {
        string[] parts = new string[3];
        for (int part = 0; part < 3; part++)
        {
            parts[part] = Graph.Add("Reshape", [Projection(rows, block, part, width), shape]);
        }

        (string, object)[] attributes = causal ? [("num_heads", heads), ("unidirectional", 1)] : [("num_heads", heads)];
        return Reshape(Graph.AddFused("MultiHeadAttention", parts, attributes), -1, width);
    }

    private string Projection(string rows, string block, int part, int width)
        => Linear(rows, $"{block}.attn.in_proj_weight", $"{block}.attn.in_proj_bias", (long)part * width, width);

    /// <summary>The first half of an MLP: a linear layer and the activation.</summary>
    protected string Activate(string rows, string layer) => activation switch
    {
        ActivationKind.QuickGelu => Graph.AddFused("QuickGelu", [Linear(rows, layer)], ("alpha", 1.702f)),
        ActivationKind.Gelu => Graph.AddFused("Gelu", [Linear(rows, layer)]),
        ActivationKind.GeluTanh => Graph.AddFused("FastGelu", [Linear(rows, layer)]),
        _ => throw new ArgumentOutOfRangeException(nameof(layer), activation, "no activation that is built."),
    };
}
