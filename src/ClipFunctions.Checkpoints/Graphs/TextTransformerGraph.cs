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

    public TextTransformerGraph(ICheckpoint checkpoint, ClipArchitecture architecture, GraphOptions options)
        : base("textual", checkpoint, options, architecture.Text.NormEpsilon, architecture.Text.Activation ?? architecture.Activation)
    {
        TextArchitecture text = architecture.Text;
        int width = text.Width;
        string tokens = Graph.Input(InputName, DataType.Int32, "n", "length");

        string embedded = Embed(tokens);
        string length = Graph.Add("Shape", [tokens], null, "", ("start", 1), ("end", 2));
        string positions = Graph.Add("Slice", [Weights.Vector("positional_embedding"), Graph.Integers(0), length, Graph.Integers(0)]);
        (string norm, string stream) = AddAndNorm(embedded, positions, "transformer.resblocks.0.ln_1");

        Func<string, string> pick;
        string? mask = null;
        if (text.Pooling == TextPooling.Last)
        {
            // The last position sees all of the row, with a causal mask or without.
            pick = rows => Graph.Add("Gather", [rows, Graph.Integer(-1)], null, "", ("axis", 1));
        }
        else
        {
            string end = EndPosition(tokens, text);
            pick = rows => Graph.Add("GatherND", [rows, end], null, "", ("batch_dims", 1));
            mask = text.Causal ? MaskBehind(end, length) : null;
        }

        string shape = Graph.Add("Concat", [Graph.Integers(-1), length, Graph.Integers(width)], null, "", ("axis", 0));
        string pooled = Blocks("transformer.resblocks", width, text.Layers, text.Heads, stream, norm, shape, text.Causal, pick, mask, "ln_final");
        string projection = Weights.Matrix("text_projection");
        if (Weights.Has("text_projection.bias"))
        {
            Finish("Gemm", [pooled, projection, Weights.Vector("text_projection.bias")], architecture.EmbeddingDimension);
        }
        else
        {
            Finish("MatMul", [pooled, projection], architecture.EmbeddingDimension);
        }
    }

    private string Embed(string tokens)
    {
        const string Table = "token_embedding.weight";
        if (IsQuantized)
        {
            (string integers, string scales) = Weights.Quantized(Table, 0, Weights.Rows(Table), false);
            string rows = Graph.Add("Cast", [Graph.Add("Gather", [integers, tokens], null, "", ("axis", 0))], null, "", ("to", (int)DataType.Float));
            return Graph.Add("Mul", [rows, Graph.Add("Gather", [scales, tokens], null, "", ("axis", 0))]);
        }

        string table = Weights.MatrixAsStored(Table, [], out bool half);
        string embedded = Graph.Add("Gather", [table, tokens], null, "", ("axis", 0));

        // Only the rows taken are widened, so that the table stays small in memory too.
        return half && !IsHalfPrecision ? Graph.Add("Cast", [embedded], null, "", ("to", (int)DataType.Float)) : embedded;
    }

    // As the reference pools: at the first occurrence of the row's largest id, or of the end token.
    private string EndPosition(string tokens, TextArchitecture text)
    {
        string among = tokens;
        if (text.Pooling == TextPooling.FirstEndToken)
        {
            string end = Graph.Add("Cast", [Graph.Integer(text.EndTokenId!.Value)], null, "", ("to", (int)DataType.Int32));
            among = Graph.Add("Cast", [Graph.Add("Equal", [tokens, end])], null, "", ("to", (int)DataType.Int32));
        }

        return Graph.Add("ArgMax", [among], null, "", ("axis", 1), ("keepdims", 1), ("select_last_index", 0));
    }

    private string MaskBehind(string end, string length)
    {
        string order = Graph.Add("Range", [Graph.Integer(0), Graph.Add("Squeeze", [length]), Graph.Integer(1)]);
        string behind = Graph.Add("Less", [end, order]);
        string mask = Graph.Add("Where", [behind, Graph.Floats("hidden", [Hidden], []), Graph.Floats("seen", [0], [])]);
        return Graph.Add("Unsqueeze", [mask, Graph.Integers(1)]);
    }
}
