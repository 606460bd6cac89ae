using System.CommandLine;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;

namespace ClipFunctions.Cli;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    public static Option<string> Model() => new("--model", "-m")
    {
        Description = "A model's id, perhaps with a precision (ViT-B/32:int8), or a bundle's folder.",
        HelpName = "MODEL",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CLIP_MODEL") is { Length: > 0 } model ? model : "demo",
    };

    public static Option<string?> Precision()
    {
        Option<string?> option = new("--precision", "-p") { Description = "fp32, fp16 or int8.", HelpName = "PRECISION" };
        option.AcceptOnlyFromAmong("fp32", "fp16", "int8");
        return option;
    }

    public static Option<bool> Fast() => new("--fast") { Description = "Let the JPEG decoder shrink large pictures: quicker, vectors differ a little." };

    public static ModelPrecision? PrecisionOf(ParseResult parsed, Option<string?> option)
        => parsed.GetValue(option) is { } text ? ModelRequest.ParsePrecision(text) : null;
}
