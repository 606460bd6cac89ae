using System.Collections.Concurrent;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Labels;

/// <summary>
/// The label set that uploads are tagged with (from settings, from a file, or the model's own), and those that requests may name: these,
/// those that ship with the code (<c>labels/*.json</c> beside the assembly) and those of <see cref="ClipOptions.LabelSetDirectory"/>.
/// </summary>
public sealed class LabelSetProvider
{
    private readonly LabelSet? _configured;
    private readonly ConcurrentDictionary<string, LabelSet?> _own = new(StringComparer.Ordinal);
    private readonly List<LabelSet> _named = [];

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

        Add(Path.Combine(AppContext.BaseDirectory, "labels"));
        if (clip.LabelSetDirectory is { Length: > 0 } directory)
        {
            if (!Directory.Exists(directory))
            {
                throw new InvalidSettingException("Clip:LabelSetDirectory", $"Setting 'Clip:LabelSetDirectory' is '{directory}'; there is no such directory.");
            }

            Add(directory);
        }
    }

    /// <summary>The label set that a model tags with.</summary>
    /// <exception cref="InvalidSettingException">None is configured and the model's bundle has none.</exception>
    public LabelSet For(ClipModel model) => Default(model) ?? throw new InvalidSettingException(
        "Clip:Labels",
        $"Model '{model?.Manifest.Id}' has no label set of its own: set Clip:Labels or Clip:LabelSetFile.");

    /// <summary>The label set that a model tags with; null if none is configured and the model's bundle has none.</summary>
    public LabelSet? Default(ClipModel model) => _configured ?? Own(model);

    /// <summary>The label sets that may be named for a model, the one that it tags with first. No two have the same name.</summary>
    public IReadOnlyList<LabelSet> All(ClipModel model) =>
        [.. new[] { Default(model), Own(model) }.OfType<LabelSet>().Concat(_named).DistinctBy(set => set.Name, StringComparer.OrdinalIgnoreCase)];

    private LabelSet? Own(ClipModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return _own.GetOrAdd(model.Fingerprint, _ => model.Bundle.LabelsPath is { } file ? LabelSet.Load(file) : null);
    }

    private void Add(string directory)
    {
        if (Directory.Exists(directory))
        {
            _named.AddRange(Directory.EnumerateFiles(directory, "*.json").Order(StringComparer.Ordinal).Select(LabelSet.Load));
        }
    }
}
