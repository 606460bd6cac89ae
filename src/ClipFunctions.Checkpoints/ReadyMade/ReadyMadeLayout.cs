using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.ReadyMade;

/// <summary>Where another tool's folder has its two graphs.</summary>
/// <param name="Name">The layout's name.</param>
/// <param name="Precision">The graphs' arithmetic, as far as their names tell it.</param>
/// <param name="Visual">The vision tower's file, relative to the folder.</param>
/// <param name="Textual">The text tower's file.</param>
internal sealed record ReadyMadeLayout(string Name, ModelPrecision Precision, string Visual, string Textual)
{
    public const string Immich = "immich-app";
    public const string HuggingFace = "Hugging Face onnx";

    // The endings that transformers.js gives its files; of several the first one is taken.
    private static readonly (ModelPrecision Precision, string[] Endings)[] Precisions =
    [
        (ModelPrecision.Fp32, [""]),
        (ModelPrecision.Fp16, ["_fp16"]),
        (ModelPrecision.DynamicInt8, ["_int8", "_quantized", "_uint8"]),
    ];

    /// <summary>The layouts that a folder has, one for each precision.</summary>
    public static IReadOnlyList<ReadyMadeLayout> Find(string folder)
    {
        if (Exists("visual/model.onnx") && Exists("textual/model.onnx"))
        {
            return [new ReadyMadeLayout(Immich, ModelPrecision.Fp32, "visual/model.onnx", "textual/model.onnx")];
        }

        List<ReadyMadeLayout> found = [];
        foreach ((ModelPrecision precision, string[] endings) in Precisions)
        {
            foreach (string place in (string[])["onnx/", ""])
            {
                string? ending = Array.Find(endings, ending => Exists($"{place}vision_model{ending}.onnx") && Exists($"{place}text_model{ending}.onnx"));
                if (ending is not null)
                {
                    found.Add(new ReadyMadeLayout(HuggingFace, precision, $"{place}vision_model{ending}.onnx", $"{place}text_model{ending}.onnx"));
                    break;
                }
            }
        }

        return found;

        bool Exists(string name) => File.Exists(Path.Combine(folder, name));
    }
}
