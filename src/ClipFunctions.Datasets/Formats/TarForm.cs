using System.Globalization;
using System.Text;
using ClipFunctions.Datasets.Archives;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Formats;

/// <summary>
/// webdataset's shards (<see href="https://github.com/webdataset/webdataset"/>) and tars of a folder's layout. An archive is a shard if one of its
/// labels has a picture's key.
/// </summary>
internal sealed class TarForm
{
    private const string ClassListName = "classnames.txt";
    private const int MaxClassListBytes = 16 << 20;

    private bool _isNumbered = true;
    private bool _hasShards;

    /// <summary>Looks through archives and makes a plan: of CIFAR, if they hold that, else of what this class knows.</summary>
    /// <param name="files">The data set.</param>
    /// <param name="archives">The archives.</param>
    /// <param name="classList"><c>classnames.txt</c> beside them, which names classes that are numbers.</param>
    /// <param name="draft">Is used up.</param>
    /// <param name="options">How to look.</param>
    /// <param name="progress">Told of every archive.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<DatasetPlan> PlanAsync(
        IDatasetFiles files,
        IReadOnlyList<DatasetFile> archives,
        DatasetFile? classList,
        PlanDraft draft,
        DatasetOptions options,
        IProgress<DatasetProgress>? progress,
        CancellationToken cancellationToken)
    {
        TarForm form = new();
        CifarForm cifar = new();
        bool anySplit = archives.Any(archive => SplitNames.OfPath(archive.Name) is not null);
        int done = 0;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken };
        Lock gate = new();
        await Parallel.ForEachAsync(archives, parallel, async (archive, cancel) =>
        {
            TarContents contents = await TarScanner.ScanAsync(files, archive, options, cancel);
            lock (gate)
            {
                draft.Faults.Add(contents.Faults);
                if (contents.Cifar.IsFound && options.Format != DatasetFormat.Tar)
                {
                    cifar.Add(contents.Cifar);
                }
                else if (options.Format != DatasetFormat.Cifar)
                {
                    form.Add(draft, archive, contents, anySplit, cancel);
                }

                progress?.Report(new DatasetProgress("scanning", ++done, archives.Count));
            }
        });

        if (cifar.IsFound || options.Format == DatasetFormat.Cifar)
        {
            return cifar.Complete(draft, files.Origin, cancellationToken);
        }

        bool isNumbered = form._hasShards && form._isNumbered;
        if (isNumbered && classList is not null && await NamesAsync(files, classList, draft, cancellationToken) is { } names)
        {
            draft.Rename(names);
            return draft.Complete(DatasetFormat.Tar, list: names);
        }

        return draft.Complete(DatasetFormat.Tar, isNumbered ? Comparer<string>.Create(CompareNumbers) : null);
    }

    /// <summary>Whether a file is a list of names of numbered classes.</summary>
    public static bool IsClassList(DatasetFile file) => file.Name == ClassListName && file.Size <= MaxClassListBytes;

    private static async Task<List<string>?> NamesAsync(IDatasetFiles files, DatasetFile file, PlanDraft draft, CancellationToken cancellationToken)
    {
        byte[] text = new byte[file.Size];
        try
        {
            await using Stream stream = await files.OpenAsync(file, 0, null, cancellationToken);
            await stream.ReadExactlyAsync(text, cancellationToken);
        }
        catch (Exception exception) when (exception is DatasetFileChangedException or EndOfStreamException)
        {
            draft.Faults.Add(file.Name, DatasetFaultReason.Changed, exception.Message);
            return null;
        }

        List<string> names = ClassList.Parse(Encoding.UTF8.GetString(text));
        string? beyond = draft.Classes.FirstOrDefault(number => !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int label) || label >= names.Count);
        if (beyond is null)
        {
            return names;
        }

        draft.Faults.Add(file.Name, DatasetFaultReason.BadLabel, string.Create(CultureInfo.InvariantCulture, $"It names {names.Count} classes, but not '{beyond}'; classes are called by their numbers."));
        return null;
    }

    private static int CompareNumbers(string? one, string? other) =>
        long.Parse(one!, CultureInfo.InvariantCulture).CompareTo(long.Parse(other!, CultureInfo.InvariantCulture));

    private void Add(PlanDraft draft, DatasetFile archive, TarContents contents, bool anySplit, CancellationToken cancellationToken)
    {
        DatasetSplit? split = SplitNames.OfPath(archive.Name);
        bool isShard = contents.Pictures.Exists(picture => contents.Labels.ContainsKey(TarScanner.Split(picture.Name).Key));
        if (isShard)
        {
            _hasShards = true;
            AddShard(draft, archive, contents, split, anySplit, cancellationToken);
            return;
        }

        foreach ((string key, TarLabel label) in contents.Labels)
        {
            draft.Faults.Add($"{archive.Name}/{key}{label.Extension}", DatasetFaultReason.UnknownExtension, "Its extension is not a picture's.");
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        List<PictureFile> pictures = [];
        foreach (TarMember member in contents.Pictures)
        {
            string name = $"{archive.Name}/{member.Name}";
            if (seen.Add(member.Name))
            {
                pictures.Add(new PictureFile(member.Name, name, archive, member.Offset, member.Length));
            }
            else
            {
                draft.Faults.Add(name, DatasetFaultReason.Duplicate, "The archive holds it twice.");
            }
        }

        if (pictures.Count > 0)
        {
            _isNumbered = false;
            FolderForm.Add(draft, pictures, split ?? (anySplit ? null : DatasetSplit.Test), contents.IsGzip, cancellationToken);
        }
    }

    private void AddShard(PlanDraft draft, DatasetFile archive, TarContents contents, DatasetSplit? split, bool anySplit, CancellationToken cancellationToken)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        HashSet<string> unused = new(contents.Labels.Keys, StringComparer.Ordinal);
        foreach (TarMember member in contents.Pictures)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = $"{archive.Name}/{member.Name}";
            (string key, string extension) = TarScanner.Split(member.Name);
            unused.Remove(key);
            int slash = member.Name.IndexOf('/');
            DatasetSplit? its = split ?? (slash > 0 ? SplitNames.Parse(member.Name.AsSpan(0, slash)) : null) ?? (anySplit ? null : DatasetSplit.Test);
            if (!PictureNames.IsExtension(extension) || !contents.Labels.TryGetValue(key, out TarLabel label))
            {
                draft.Faults.Add(name, DatasetFaultReason.NoLabel, $"There is no '{key}.cls', '.txt' or '.json' with it.");
            }
            else if (label.Text is null)
            {
                draft.Faults.Add(name, DatasetFaultReason.BadLabel, "What stands in its label's place is no label.");
            }
            else if (label.Text.Length == 0)
            {
                draft.Faults.Add(name, DatasetFaultReason.EmptyLabel, "Its label is empty.");
            }
            else if (member.Length == 0)
            {
                draft.Faults.Add(name, DatasetFaultReason.Empty, "It is empty.");
            }
            else if (its is null)
            {
                draft.Faults.Add(name, DatasetFaultReason.UnknownSplit, "Neither its archive's name nor its own tells its split, as others do.");
            }
            else if (!seen.Add(key))
            {
                draft.Faults.Add(name, DatasetFaultReason.Duplicate, "Its key has another picture already.");
            }
            else
            {
                _isNumbered &= label.IsNumber;
                draft.Add(name, label.Text, its.Value, archive, member.Offset, member.Length, inGzip: contents.IsGzip);
            }
        }

        foreach (string key in unused)
        {
            draft.Faults.Add($"{archive.Name}/{key}{contents.Labels[key].Extension}", DatasetFaultReason.Missing, "There is no picture with this label.");
        }
    }
}
