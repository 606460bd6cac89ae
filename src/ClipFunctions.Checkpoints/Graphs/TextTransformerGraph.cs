using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>CLIP's text transformer, for rows of any length up to the context.</summary>
internal sealed class TextTransformerGraph : TransformerGraph
{
    public const string InputName = "tokens";

    // Far below every score, and still finite when a score is added.
    private const float Hidden = -1e30f;

    public TextTransformerGraph(ICheckpoint checkpoint, ClipArchitecture architecture, WeightStorage storage)
        : base("textual", checkpoint, storage, architecture.Activation)
    {
        TextArchitecture text = architecture.Text;
        int width = text.Width;
        string tokens = Graph.Input(InputName, DataType.Int32, "n", "length");

        string table = Weights.MatrixAsStored("token_embedding.weight", [], out bool half);
        string embedded = Graph.Add("Gather", [table, tokens], null, "", ("axis", 0));
        if (half)
        {
            // Only the rows taken are widened, so that the table stays small in memory too.
            embedded = Graph.Add("Cast", [embedded], null, "", ("to", (int)DataType.Float));
        }

        string length = Graph.Add("Shape", [tokens], null, "", ("start", 1), ("end", 2));
        string positions = Graph.Add("Slice", [Weights.Vector("positional_embedding"), Graph.Integers(0), length, Graph.Integers(0)]);
        (string norm, string stream) = AddAndNorm(embedded, positions, "transformer.resblocks.0.ln_1");

        // As the reference pools: at the first occurrence of the row's largest id.
        string end = Graph.Add("ArgMax", [tokens], null, "", ("axis", 1), ("keepdims", 1), ("select_last_index", 0));
        string order = Graph.Add("Range", [Graph.Integer(0), Graph.Add("Squeeze", [length]), Graph.Integer(1)]);
        string behind = Graph.Add("Less", [end, order]);
        string mask = Graph.Add("Where", [behind, Graph.Floats("hidden", [Hidden], []), Graph.Floats("seen", [0], [])]);
        mask = Graph.Add("Unsqueeze", [mask, Graph.Integers(1)]);

        string shape = Graph.Add("Concat", [Graph.Integers(-1), length, Graph.Integers(width)], null, "", ("axis", 0));
        string AtEnd(string rows) => Graph.Add("GatherND", [rows, end], null, "", ("batch_dims", 1));
        string pooled = Blocks("transformer.resblocks", width, text.Layers, text.Heads, stream, norm, shape, text.Causal, AtEnd, mask, "ln_final");
        Graph.Add("MatMul", [pooled, Weights.Matrix("text_projection")], OutputName);
        Graph.Output(OutputName, DataType.Float, "n", architecture.EmbeddingDimension);
    }
}
