namespace ClipFunctions.Evaluation;

/// <summary>The label set of a zero-shot run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">A label for each class, in the classes' order.</param>
/// <param name="Templates">The sentences.</param>
public sealed record ClassLabels(string Name, IReadOnlyList<string> Labels, IReadOnlyList<string> Templates);
