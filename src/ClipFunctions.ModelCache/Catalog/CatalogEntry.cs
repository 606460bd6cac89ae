using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.ModelCaching.Catalog;

/// <summary>A published model: where its weights are, under which licence, and what is known of it.</summary>
public sealed record CatalogEntry
{
    internal const int DefaultContextLength = 77;

    /// <summary>The id: letters, digits, <c>. _ - @ / +</c>; openai's models have the reference's names (<c>ViT-B/32</c>).</summary>
    public required string Id { get; init; }

    /// <summary>Other names that mean this model, such as its hub id.</summary>
    public IReadOnlyList<string> Aliases { get => field ?? []; init; }

    /// <summary>Who trained it on what, in a few words.</summary>
    public required string Description { get; init; }

    /// <summary>Where it can be had; asked in this order, each complete in itself.</summary>
    public required IReadOnlyList<CatalogSource> Sources { get; init; }

    /// <summary>The weights' licence: its SPDX id where there is one, else its name.</summary>
    public required string Licence { get; init; }

    /// <summary>Where the licence's text is.</summary>
    public string? LicenceUrl { get; init; }

    /// <summary>Whether the licence must be agreed to before the weights are fetched (non-commercial and the like); false by default.</summary>
    public bool LicenceConsent { get; init; }

    /// <summary>The MLPs' activation, where no file of the source tells it; null otherwise.</summary>
    public ActivationKind? Activation { get; init; }

    /// <summary>Channel means, where no file of the source tells them and they are not OpenAI's; null otherwise.</summary>
    public IReadOnlyList<float>? Mean { get; init; }

    /// <summary>Channel standard deviations, likewise.</summary>
    public IReadOnlyList<float>? Std { get; init; }

    /// <summary>How a picture is brought to size (<see cref="PreprocessingSpec.ResizeMode"/>), where no file tells it and it is not <c>shortest</c>; null otherwise.</summary>
    public string? ResizeMode { get; init; }

    /// <summary>Side of the square picture in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Length of the vectors.</summary>
    public required int EmbeddingDimension { get; init; }

    /// <summary>Tokens of a text; 77 by default.</summary>
    public int ContextLength { get; init; } = DefaultContextLength;

    /// <summary>Millions of parameters, both towers.</summary>
    public double? ParametersMillions { get; init; }

    /// <summary>Published zero-shot top-1 on ImageNet-1k in percent.</summary>
    public double? ImageNetTop1 { get; init; }

    /// <summary>10⁹ floating-point operations of one picture and one text, as open_clip counts them (a multiply-add is two).</summary>
    public double? Gflops { get; init; }
}
