using System.Collections.Concurrent;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Labels;

/// <summary>The label set that uploads are tagged with: from settings, from a file, or the model's own.</summary>
public sealed class LabelSetProvider
{
    private readonly LabelSet? _configured;
    private readonly ConcurrentDictionary<string, LabelSet> _own = new(StringComparer.Ordinal);

    /// <summary>Reads the configured label set.</summary>
    /// <exception cref="InvalidLabelSetException">The label set is not one.</exception>
    public LabelSetProvider(IOptions<ClipOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ClipOptions clip = options.Value;
        if (clip.Labels.Count > 0)
        {
            _configured = new LabelSet("configured", clip.Labels, clip.Templates.Count > 0 ? clip.Templates : null);
        }
        else if (clip.LabelSetFile is { Length: > 0 } file)
        {
            _configured = LabelSet.Load(file);
        }
    }

    /// <summary>The label set for a model.</summary>
    /// <exception cref="InvalidSettingException">None is configured and the model's bundle has none.</exception>
    public LabelSet For(ClipModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return _configured ?? _own.GetOrAdd(model.Fingerprint, _ => model.Bundle.LabelsPath is { } file
            ? LabelSet.Load(file)
            : throw new InvalidSettingException(
                "Clip:Labels",
                $"Model '{model.Manifest.Id}' has no label set of its own: set Clip:Labels or Clip:LabelSetFile."));
    }
}
