namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary><c>POST api/classify</c>: zero-shot prediction.</summary>
internal sealed class ClassifyRequest : PictureFields
{
    /// <summary>The labels to choose from.</summary>
    public IReadOnlyList<string>? Labels { get; set; }

    /// <summary>The sentences that they are put into, <c>{}</c> standing for the label; <c>a photo of a {}.</c> if absent.</summary>
    public IReadOnlyList<string>? Templates { get; set; }

    /// <summary>Instead of labels: the name of a label set of this host.</summary>
    public string? LabelSet { get; set; }

    /// <summary>How many labels of each picture; 5 if absent.</summary>
    public int? TopK { get; set; }
}
