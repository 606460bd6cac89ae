using ClipFunctions.Checkpoints.Onnx.Proto;

namespace ClipFunctions.Checkpoints.Onnx;

/// <summary>What an ONNX file takes and gives, and which other files it needs.</summary>
/// <param name="Inputs">The inputs that no constant fills.</param>
/// <param name="Outputs">The outputs.</param>
/// <param name="ExternalFiles">Paths of the files with its constants, relative to its folder, with forward slashes.</param>
internal sealed record OnnxSignature(IReadOnlyList<ValueInfoProto> Inputs, IReadOnlyList<ValueInfoProto> Outputs, IReadOnlyList<string> ExternalFiles);
