using System.Globalization;
using System.Text;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>The blob index tags of a tagged upload: <c>clip_state</c>, <c>clip_model</c>, <c>clip_1</c> … best label first.</summary>
public static class UploadTags
{
    /// <summary>Every tag of ours begins so; others on the blob are kept.</summary>
    public const string Prefix = "clip_";

    /// <summary><c>tagged</c> or <c>failed</c>.</summary>
    public const string State = Prefix + "state";

    /// <summary>The model's id.</summary>
    public const string Model = Prefix + "model";

    /// <summary>Azure's limit on tags per blob.</summary>
    public const int MaxTags = 10;

    /// <summary>
    /// The tags that a blob is to bear: its own ones, and ours as far as ten tags allow (state first, then the best label,
    /// the model, the further labels).
    /// </summary>
    public static Dictionary<string, string> For(UploadResult result, int labels, IEnumerable<KeyValuePair<string, string>> present)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(present);
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        foreach ((string key, string value) in present)
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal))
            {
                tags[key] = value;
            }
        }

        foreach ((string key, string value) in Own(result, labels))
        {
            if (tags.Count == MaxTags)
            {
                break;
            }

            tags[key] = value;
        }

        return tags;
    }

    /// <summary>Whether a blob bears just the tags that <see cref="For"/> gives.</summary>
    public static bool AreComplete(UploadResult result, int labels, IDictionary<string, string> present)
    {
        Dictionary<string, string> wanted = For(result, labels, present);
        return wanted.Count == present.Count && wanted.All(tag => present.TryGetValue(tag.Key, out string? value) && value == tag.Value);
    }

    private static IEnumerable<(string Key, string Value)> Own(UploadResult result, int labels)
    {
        yield return (State, result.State == UploadState.Tagged ? "tagged" : "failed");
        int count = Math.Min(labels, result.Labels.Count);
        if (count > 0)
        {
            yield return Label(result, 0);
        }

        yield return (Model, Allowed(result.Model.Id));
        for (int i = 1; i < count; i++)
        {
            yield return Label(result, i);
        }
    }

    private static (string Key, string Value) Label(UploadResult result, int rank)
    {
        UploadLabel label = result.Labels[rank];
        return (string.Create(CultureInfo.InvariantCulture, $"{Prefix}{rank + 1}"), TagSlug.From(label.Label, label.Index));
    }

    // Model ids keep their form (ViT-B/32) but for characters that tags forbid (ViT-L/14@336px).
    private static string Allowed(string id)
    {
        StringBuilder value = new(id.Length);
        foreach (char c in id.AsSpan(0, Math.Min(id.Length, TagSlug.MaxLength)))
        {
            value.Append(char.IsAsciiLetterOrDigit(c) || " +-./:=_".Contains(c, StringComparison.Ordinal) ? c : '-');
        }

        return value.ToString();
    }
}
