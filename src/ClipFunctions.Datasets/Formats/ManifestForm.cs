using System.Globalization;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Formats;

/// <summary>Manifests beside pictures. Without a column for it, the split is the one that the manifest's name tells (<c>train.csv</c>), else test.</summary>
internal static class ManifestForm
{
    /// <summary>Adds the pictures that manifests name.</summary>
    /// <param name="draft">The draft.</param>
    /// <param name="files">The data set.</param>
    /// <param name="manifests">The manifests.</param>
    /// <param name="listed">What the data set holds; null to list it.</param>
    /// <param name="options">How to look.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task AddAsync(
        PlanDraft draft,
        IDatasetFiles files,
        IReadOnlyList<DatasetFile> manifests,
        IReadOnlyList<DatasetFile>? listed,
        DatasetOptions options,
        CancellationToken cancellationToken)
    {
        Dictionary<string, (string Label, DatasetSplit Split, string Origin)> rows = new(StringComparer.Ordinal);
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        foreach (DatasetFile manifest in manifests.OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            try
            {
                await foreach (ManifestRow row in ManifestReader.ReadAsync(files, manifest, cancellationToken))
                {
                    Read(manifest, row);
                }
            }
            catch (DatasetFileChangedException exception)
            {
                draft.Faults.Add(manifest.Name, DatasetFaultReason.Changed, exception.Message);
            }
        }

        if (listed is not null)
        {
            foreach (DatasetFile file in listed)
            {
                Take(file);
            }
        }
        else if (rows.Count > 0)
        {
            await foreach (DatasetFile file in files.ListAsync(CommonFolder(rows.Keys), cancellationToken))
            {
                Take(file);
            }
        }

        foreach ((string path, (string, DatasetSplit, string Origin) row) in rows)
        {
            draft.Faults.Add(row.Origin, DatasetFaultReason.Missing, $"There is no '{path}'.");
        }

        void Read(DatasetFile manifest, ManifestRow row)
        {
            string origin = string.Create(CultureInfo.InvariantCulture, $"{manifest.Name}:{row.Number}");
            DatasetSplit? split = row.Split is null ? SplitNames.OfPath(manifest.Name) ?? DatasetSplit.Test : SplitNames.Parse(row.Split);
            if (row.Problem is not null)
            {
                draft.Faults.Add(origin, DatasetFaultReason.BrokenLine, row.Problem);
            }
            else if (row.Label.Length == 0)
            {
                draft.Faults.Add(origin, DatasetFaultReason.EmptyLabel, $"'{row.Path}' has no label.");
            }
            else if (split is null)
            {
                draft.Faults.Add(origin, DatasetFaultReason.UnknownSplit, $"Its split is '{row.Split}'; known are train, val (valid, validation) and test.");
            }
            else if (Resolve(manifest.Name, row.Path) is not { } path)
            {
                draft.Faults.Add(origin, DatasetFaultReason.Outside, $"'{row.Path}' leads to nothing within the data set.");
            }
            else
            {
                if (!labels.TryGetValue(row.Label, out string? label))
                {
                    labels[row.Label] = label = row.Label;
                }

                if (!rows.TryAdd(path, (label, split.Value, origin)))
                {
                    draft.Faults.Add(origin, DatasetFaultReason.Duplicate, $"'{row.Path}' has a line already.");
                }
                else if (rows.Count > options.MaxItems)
                {
                    throw new InvalidDatasetException(files.Origin, string.Create(CultureInfo.InvariantCulture, $"its manifests name more than {options.MaxItems:N0} pictures."));
                }
            }
        }

        void Take(DatasetFile file)
        {
            if (!rows.Remove(file.Name, out (string Label, DatasetSplit Split, string Origin) row))
            {
                return;
            }

            if (file.Size == 0)
            {
                draft.Faults.Add(row.Origin, DatasetFaultReason.Empty, $"'{file.Name}' is empty.");
            }
            else
            {
                draft.Add(file.Name, row.Label, row.Split, file, 0, file.Size);
            }
        }
    }

    /// <summary>The name of the file that a path means, seen from a manifest; null if it leads out of the data set or nowhere.</summary>
    internal static string? Resolve(string manifest, string path)
    {
        List<string> segments = [.. manifest.Split('/')[..^1]];
        if (path.Length == 0 || path[0] == '/' || path[^1] == '/')
        {
            return null;
        }

        foreach (string segment in path.Split('/'))
        {
            if (segment == "..")
            {
                if (segments.Count == 0)
                {
                    return null;
                }

                segments.RemoveAt(segments.Count - 1);
            }
            else if (segment.Length > 0 && segment != ".")
            {
                segments.Add(segment);
            }
        }

        return segments.Count > 0 ? string.Join('/', segments) : null;
    }

    private static string CommonFolder(IEnumerable<string> paths)
    {
        string? common = null;
        foreach (string path in paths)
        {
            string folder = path[..(path.LastIndexOf('/') + 1)];
            common ??= folder;
            while (!folder.StartsWith(common, StringComparison.Ordinal))
            {
                common = common[..(common.AsSpan(0, common.Length - 1).LastIndexOf('/') + 1)];
            }
        }

        return common ?? "";
    }
}
