using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Labels;

namespace ClipFunctions.Probe.Tests;

internal sealed record GoldenSet(
    string Name, FeatureMatrix Train, LabelVector TrainLabels, FeatureMatrix Test, LabelVector TestLabels, IReadOnlyList<GoldenCase> Cases);
