using System.Text.Json.Serialization;

namespace ClipFunctions.Datasets.Plans;

/// <summary>What an item's bytes are.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DatasetEncoding>))]
public enum DatasetEncoding
{
    /// <summary>A picture file.</summary>
    [JsonStringEnumMemberName("picture")]
    Picture,

    /// <summary>A record of CIFAR-10: label, then 32 × 32 bytes each of red, green and blue.</summary>
    [JsonStringEnumMemberName("cifar10")]
    Cifar10,

    /// <summary>A record of CIFAR-100: coarse label, fine label, then as <see cref="Cifar10"/>.</summary>
    [JsonStringEnumMemberName("cifar100")]
    Cifar100,
}
