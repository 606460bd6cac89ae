using System.Text.Json.Serialization;

namespace ClipFunctions.Datasets;

/// <summary>How a data set is laid out.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DatasetFormat>))]
public enum DatasetFormat
{
    /// <summary>
    /// <c>{split}/{class}/{picture}</c>, the splits named <c>train</c>, <c>val</c> (<c>valid</c>, <c>validation</c>) and <c>test</c>; or
    /// <c>{class}/{picture}</c>, all of it test. As torchvision's <c>ImageFolder</c>; one folder around all of it does not matter.
    /// </summary>
    [JsonStringEnumMemberName("folder")]
    Folder,

    /// <summary>
    /// The binary version of CIFAR-10 or CIFAR-100 (<see href="https://www.cs.toronto.edu/~kriz/cifar.html"/>), unpacked or as the published
    /// <c>.tar.gz</c>. CIFAR-100 by its fine labels.
    /// </summary>
    [JsonStringEnumMemberName("cifar")]
    Cifar,

    /// <summary>A CSV or JSON Lines file of path, label and split beside the pictures.</summary>
    [JsonStringEnumMemberName("manifest")]
    Manifest,

    /// <summary>
    /// Archives, gzipped or not: webdataset's shards (<c>key.jpg</c> with <c>key.cls</c>, <c>key.txt</c> or <c>key.json</c>), or a folder's
    /// layout in a tar. Splits by the archive's name or folder, else by its members' folders.
    /// </summary>
    [JsonStringEnumMemberName("tar")]
    Tar,
}
