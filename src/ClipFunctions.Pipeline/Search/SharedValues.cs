using System.Collections.Concurrent;
using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.Pipeline.Search;

/// <summary>One instance of each value that many records repeat.</summary>
internal sealed class SharedValues
{
    private readonly ConcurrentDictionary<string, string> _labels = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<UploadModel, UploadModel> _models = new();

    public IReadOnlyList<UploadLabel> Labels(IReadOnlyList<UploadLabel> labels) =>
        labels.Count == 0 ? [] : labels.Select(label => label with { Label = _labels.GetOrAdd(label.Label, label.Label) }).ToArray();

    public UploadModel Model(UploadModel model) => _models.GetOrAdd(model, model);
}
