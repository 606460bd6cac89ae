using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>The activation inside a transformer's MLP. ResNet stages always use ReLU.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ActivationKind>))]
public enum ActivationKind
{
    /// <summary><c>x · sigmoid(1.702 x)</c>: OpenAI's models.</summary>
    [JsonStringEnumMemberName("quick_gelu")]
    QuickGelu,

    /// <summary><c>x · Φ(x)</c> by the error function: OpenCLIP's default.</summary>
    [JsonStringEnumMemberName("gelu")]
    Gelu,

    /// <summary>GELU's approximation by the hyperbolic tangent: SigLIP.</summary>
    [JsonStringEnumMemberName("gelu_tanh")]
    GeluTanh,
}
