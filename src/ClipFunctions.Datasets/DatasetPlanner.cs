using System.Globalization;
using ClipFunctions.Datasets.Archives;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Formats;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets;

/// <summary>
/// Looks through a data set and makes a plan of it. Pictures are not read, but CIFAR's records are. What cannot be used is counted and listed in
/// <see cref="DatasetPlan.Faults"/>.
/// </summary>
public static class DatasetPlanner
{
    private const int ProgressStep = 1000;

    /// <summary>Plans a data set.</summary>
    /// <param name="files">Where it lies.</param>
    /// <param name="options">How to look; null for the defaults.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidDatasetException">There is nothing of the kind, or not of at least two classes.</exception>
    public static async Task<DatasetPlan> PlanAsync(
        IDatasetFiles files,
        DatasetOptions? options = null,
        IProgress<DatasetProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        options ??= new DatasetOptions();
        PlanDraft draft = new(files.Origin, options);
        if (files.Entry is { } entry)
        {
            return await PlanEntryAsync(files, entry, draft, options, progress, cancellationToken);
        }

        List<DatasetFile> listed = await ListAsync(files, progress, cancellationToken);
        if (listed.Count == 0)
        {
            throw new InvalidDatasetException(files.Origin, "there is nothing.");
        }

        List<DatasetFile> archives = listed.FindAll(file => PictureNames.IsTar(file.Name) && !PictureNames.IsHidden(file.Name));
        List<DatasetFile> manifests = options.Format is null or DatasetFormat.Manifest
            ? await ManifestsAsync(files, listed, options.Format is not null, cancellationToken)
            : [];
        DatasetFormat format = options.Format ?? Tell(listed, archives, manifests);
        switch (format)
        {
            case DatasetFormat.Manifest when manifests.Count == 0:
                throw new InvalidDatasetException(files.Origin, "there is no manifest (.csv, .jsonl or .ndjson) beside its folders.");
            case DatasetFormat.Manifest:
                await ManifestForm.AddAsync(draft, files, manifests, listed, options, cancellationToken);
                return draft.Complete(format);
            case DatasetFormat.Cifar when archives.Count == 0 || listed.Exists(file => CifarForm.Records(file.Name) is not null):
                return await PlanCifarAsync(files, listed, draft, progress, cancellationToken);
            case DatasetFormat.Cifar:
            case DatasetFormat.Tar:
                AddOthers(draft, listed);
                return await TarForm.PlanAsync(files, archives, listed.Find(TarForm.IsClassList), draft, options, progress, cancellationToken);
            default:
                FolderForm.Add(draft, listed, cancellationToken);
                return draft.Complete(format);
        }
    }

    private static DatasetFormat Tell(List<DatasetFile> listed, List<DatasetFile> archives, List<DatasetFile> manifests)
    {
        if (manifests.Count > 0)
        {
            return DatasetFormat.Manifest;
        }

        if (listed.Exists(file => CifarForm.Records(file.Name) is not null))
        {
            return DatasetFormat.Cifar;
        }

        return archives.Count > 0 && !listed.Exists(FolderForm.Fits) ? DatasetFormat.Tar : DatasetFormat.Folder;
    }

    private static async Task<DatasetPlan> PlanEntryAsync(
        IDatasetFiles files,
        string entry,
        PlanDraft draft,
        DatasetOptions options,
        IProgress<DatasetProgress>? progress,
        CancellationToken cancellationToken)
    {
        DatasetFile? file = null;
        await foreach (DatasetFile listed in files.ListAsync(entry, cancellationToken))
        {
            if (listed.Name == entry)
            {
                file = listed;
            }
        }

        if (file is null)
        {
            throw new InvalidDatasetException(files.Origin, "there is no such file.");
        }

        bool isManifest = PictureNames.IsManifest(entry);
        if (!isManifest && !PictureNames.IsTar(entry))
        {
            throw new InvalidDatasetException(files.Origin, "a data set is a folder, an archive (.tar, .tar.gz, .tgz) or a manifest (.csv, .jsonl, .ndjson).");
        }

        if (options.Format is { } format && (format == DatasetFormat.Folder || (format == DatasetFormat.Manifest) != isManifest))
        {
            throw new InvalidDatasetException(files.Origin, $"it cannot be taken as '{format}': it is {(isManifest ? "a manifest" : "an archive")}.");
        }

        if (!isManifest)
        {
            return await TarForm.PlanAsync(files, [file], null, draft, options, progress, cancellationToken);
        }

        await ManifestForm.AddAsync(draft, files, [file], null, options, cancellationToken);
        return draft.Complete(DatasetFormat.Manifest);
    }

    private static async Task<List<DatasetFile>> ListAsync(IDatasetFiles files, IProgress<DatasetProgress>? progress, CancellationToken cancellationToken)
    {
        List<DatasetFile> listed = [];
        await foreach (DatasetFile file in files.ListAsync("", cancellationToken))
        {
            listed.Add(file);
            if (listed.Count % ProgressStep == 0)
            {
                progress?.Report(new DatasetProgress("listing", listed.Count, null));
            }
        }

        progress?.Report(new DatasetProgress("listing", listed.Count, listed.Count));
        return listed;
    }

    /// <summary>The files beside the data set's folders that are manifests; by their names alone if that is what the caller says.</summary>
    private static async Task<List<DatasetFile>> ManifestsAsync(IDatasetFiles files, List<DatasetFile> listed, bool byName, CancellationToken cancellationToken)
    {
        List<DatasetFile> manifests = [];
        foreach (DatasetFile file in listed)
        {
            if (file.Name.Contains('/') || !PictureNames.IsManifest(file.Name) || PictureNames.IsHidden(file.Name))
            {
                continue;
            }

            try
            {
                if (byName || await ManifestReader.IsManifestAsync(files, file, cancellationToken))
                {
                    manifests.Add(file);
                }
            }
            catch (DatasetFileChangedException)
            {
                // Nothing that could be read.
            }
        }

        return manifests;
    }

    private static async Task<DatasetPlan> PlanCifarAsync(
        IDatasetFiles files,
        List<DatasetFile> listed,
        PlanDraft draft,
        IProgress<DatasetProgress>? progress,
        CancellationToken cancellationToken)
    {
        CifarForm cifar = new();
        long done = 0;
        long total = listed.LongCount(file => CifarForm.Records(file.Name) is not null);
        foreach (DatasetFile file in listed)
        {
            try
            {
                if (CifarForm.Records(file.Name) is { } records)
                {
                    await using SequentialReader reader = await SequentialReader.OpenAsync(files, file, cancellationToken);
                    await cifar.AddRecordsAsync(file.Name, records.Kind, records.Split, file, reader, reader.IsGzip ? long.MaxValue : file.Size, draft.Faults, cancellationToken);
                    progress?.Report(new DatasetProgress("scanning", ++done, total));
                }
                else if (CifarForm.Names(file.Name) is { } kind && file.Size <= CifarForm.MaxNamesBytes)
                {
                    byte[] text = new byte[file.Size];
                    await using Stream stream = await files.OpenAsync(file, 0, null, cancellationToken);
                    await stream.ReadExactlyAsync(text, cancellationToken);
                    cifar.AddNames(file.Name, kind, text);
                }
                else
                {
                    draft.Faults.Add(file.Name, DatasetFaultReason.UnknownExtension, "It is none of CIFAR's binary files.");
                }
            }
            catch (BrokenArchiveException exception)
            {
                draft.Faults.Add(file.Name, DatasetFaultReason.BrokenArchive, exception.Message);
            }
            catch (Exception exception) when (exception is DatasetFileChangedException or EndOfStreamException)
            {
                draft.Faults.Add(file.Name, DatasetFaultReason.Changed, exception.Message);
            }
        }

        if (!cifar.IsFound)
        {
            throw new InvalidDatasetException(
                files.Origin,
                string.Create(CultureInfo.InvariantCulture, $"none of its {listed.Count:N0} files is one of CIFAR's binary version (data_batch_1.bin, test_batch.bin, train.bin, test.bin)."));
        }

        return cifar.Complete(draft, files.Origin, cancellationToken);
    }

    private static void AddOthers(PlanDraft draft, List<DatasetFile> listed)
    {
        foreach (DatasetFile file in listed)
        {
            if (PictureNames.IsHidden(file.Name))
            {
                draft.Faults.Add(file.Name, DatasetFaultReason.Hidden, "It is hidden.");
            }
            else if (!PictureNames.IsTar(file.Name) && !TarForm.IsClassList(file))
            {
                draft.Faults.Add(file.Name, DatasetFaultReason.UnknownExtension, "It is no archive.");
            }
        }
    }
}
