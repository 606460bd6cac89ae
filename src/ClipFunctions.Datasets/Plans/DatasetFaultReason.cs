using System.Text.Json.Serialization;

namespace ClipFunctions.Datasets.Plans;

/// <summary>Why something in a data set is no item.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DatasetFaultReason>))]
public enum DatasetFaultReason
{
    /// <summary>Its extension is none of a picture's.</summary>
    UnknownExtension,

    /// <summary>It is hidden, or one of the files that operating systems leave behind.</summary>
    Hidden,

    /// <summary>It has no bytes.</summary>
    Empty,

    /// <summary>A picture with nothing that tells its class.</summary>
    NoLabel,

    /// <summary>Its label is empty.</summary>
    EmptyLabel,

    /// <summary>Its label is not among the classes, or is no label at all.</summary>
    BadLabel,

    /// <summary>It belongs to no split, or to one of an unknown name.</summary>
    UnknownSplit,

    /// <summary>Its class has no picture in train, though there is a train split.</summary>
    ClassNotInTrain,

    /// <summary>A line of a manifest that cannot be read.</summary>
    BrokenLine,

    /// <summary>A file is named but is not there.</summary>
    Missing,

    /// <summary>A path leads out of the data set.</summary>
    Outside,

    /// <summary>It was there already.</summary>
    Duplicate,

    /// <summary>An archive ends early; what stands before that counts.</summary>
    TruncatedArchive,

    /// <summary>An archive is damaged; what stands before that counts.</summary>
    BrokenArchive,

    /// <summary>A member of an archive is stored in a way that cannot be read here.</summary>
    UnsupportedMember,

    /// <summary>The file changed while it was looked through.</summary>
    Changed,
}
