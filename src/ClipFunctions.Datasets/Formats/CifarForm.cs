using System.Globalization;
using System.Text;
using ClipFunctions.Datasets.Archives;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Formats;

/// <summary>
/// The binary versions of CIFAR-10 and CIFAR-100 (<see href="https://www.cs.toronto.edu/~kriz/cifar.html"/>): records of label(s) and 3072
/// bytes of pixels, the names of the labels in a text file beside them.
/// </summary>
internal sealed class CifarForm
{
    /// <summary>The most bytes of a list of names.</summary>
    public const int MaxNamesBytes = 1 << 16;

    private const int Pixels = 3 * BmpWriter.PlaneSize;
    private const int RecordsAtOnce = 64;

    private readonly List<CifarPart> _parts = [];
    private readonly SortedDictionary<string, (DatasetEncoding Kind, byte[] Text)> _names = new(StringComparer.Ordinal);

    /// <summary>Whether any file of records was met.</summary>
    public bool IsFound => _parts.Count > 0;

    /// <summary>Bytes of a record.</summary>
    public static int RecordSize(DatasetEncoding kind) => LabelSize(kind) + Pixels;

    /// <summary>Bytes of a record's labels; the last one counts.</summary>
    public static int LabelSize(DatasetEncoding kind) => kind == DatasetEncoding.Cifar10 ? 1 : 2;

    /// <summary>Which records a file holds, by its name; null if none.</summary>
    public static (DatasetEncoding Kind, DatasetSplit Split)? Records(string path)
    {
        ReadOnlySpan<char> name = FileName(path);
        if (name is "test_batch.bin")
        {
            return (DatasetEncoding.Cifar10, DatasetSplit.Test);
        }

        if (name is ['d', 'a', 't', 'a', '_', 'b', 'a', 't', 'c', 'h', '_', >= '0' and <= '9', '.', 'b', 'i', 'n'])
        {
            return (DatasetEncoding.Cifar10, DatasetSplit.Train);
        }

        return name switch
        {
            "train.bin" => (DatasetEncoding.Cifar100, DatasetSplit.Train),
            "test.bin" => (DatasetEncoding.Cifar100, DatasetSplit.Test),
            _ => null,
        };
    }

    /// <summary>Whether a file belongs to the pickled version, which is not read here.</summary>
    public static bool IsPickled(string path) =>
        path.Contains("cifar-10-batches-py/", StringComparison.Ordinal) || path.Contains("cifar-100-python/", StringComparison.Ordinal);

    /// <summary>Which names a file holds, by its name; null if none.</summary>
    public static DatasetEncoding? Names(string path) => FileName(path) switch
    {
        "batches.meta.txt" => DatasetEncoding.Cifar10,
        "fine_label_names.txt" => DatasetEncoding.Cifar100,
        _ => null,
    };

    /// <summary>Reads the labels of a file of records, at whose beginning the reader stands.</summary>
    /// <param name="name">What the records are called by.</param>
    /// <param name="kind">Which CIFAR.</param>
    /// <param name="split">Their split.</param>
    /// <param name="file">The file that holds them.</param>
    /// <param name="reader">Stands at the first one.</param>
    /// <param name="length">The bytes of all.</param>
    /// <param name="faults">Told of a file that does not end with a record.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="BrokenArchiveException">The archive ends before.</exception>
    public async Task AddRecordsAsync(
        string name,
        DatasetEncoding kind,
        DatasetSplit split,
        DatasetFile file,
        SequentialReader reader,
        long length,
        FaultCollector faults,
        CancellationToken cancellationToken)
    {
        int size = RecordSize(kind);
        long offset = reader.Position;
        byte[] buffer = new byte[size * RecordsAtOnce];
        using MemoryStream labels = new();
        long total = 0;
        while (total < length)
        {
            int wanted = (int)Math.Min(length - total, buffer.Length);
            int read;
            try
            {
                read = await reader.ReadAsync(buffer.AsMemory(0, wanted), cancellationToken);
            }
            catch (BrokenArchiveException)
            {
                Keep();
                throw;
            }

            for (int at = 0; at + size <= read; at += size)
            {
                labels.WriteByte(buffer[at + LabelSize(kind) - 1]);
            }

            total += read;
            if (read < wanted)
            {
                break;
            }
        }

        Keep();
        if (total % size != 0)
        {
            faults.Add(name, DatasetFaultReason.TruncatedArchive, string.Create(CultureInfo.InvariantCulture, $"It ends within a record, after {labels.Length:N0} whole ones of {size:N0} bytes."));
        }

        void Keep() => _parts.Add(new CifarPart(name, kind, split, file, reader.IsGzip, offset, labels.ToArray()));
    }

    /// <summary>Keeps a list of names.</summary>
    public void AddNames(string name, DatasetEncoding kind, byte[] text) => _names[name] = (kind, text);

    /// <summary>Takes over what another one has met.</summary>
    public void Add(CifarForm other)
    {
        _parts.AddRange(other._parts);
        foreach ((string name, (DatasetEncoding, byte[]) names) in other._names)
        {
            _names[name] = names;
        }
    }

    /// <summary>Makes the plan.</summary>
    /// <param name="draft">Is used up.</param>
    /// <param name="origin">The data set's place.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidDatasetException">It is both CIFARs, or too little of one.</exception>
    public DatasetPlan Complete(PlanDraft draft, string origin, CancellationToken cancellationToken)
    {
        if (_parts.Select(part => part.Kind).Distinct().Count() > 1)
        {
            throw new InvalidDatasetException(origin, "it holds both CIFAR-10 and CIFAR-100; name the folder or archive of one of them.");
        }

        DatasetEncoding kind = _parts.Count > 0 ? _parts[0].Kind : DatasetEncoding.Cifar10;
        List<string> classes = ClassNames(draft.Faults, kind);
        foreach (CifarPart part in _parts)
        {
            for (int i = 0; i < part.Labels.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                string name = string.Create(CultureInfo.InvariantCulture, $"{part.Name}#{i:D5}");
                int label = part.Labels[i];
                if (label < classes.Count)
                {
                    int size = RecordSize(kind);
                    draft.Add(name, classes[label], part.Split, part.File, part.Offset + ((long)i * size), size, kind, part.InGzip);
                }
                else
                {
                    draft.Faults.Add(name, DatasetFaultReason.BadLabel, string.Create(CultureInfo.InvariantCulture, $"Its label is {label}; there are {classes.Count} names."));
                }
            }
        }

        return draft.Complete(DatasetFormat.Cifar, list: classes);
    }

    private List<string> ClassNames(FaultCollector faults, DatasetEncoding kind)
    {
        foreach ((string name, (DatasetEncoding its, byte[] text)) in _names)
        {
            if (its == kind && ClassList.Parse(Encoding.UTF8.GetString(text)) is { Count: > 1 } classes)
            {
                return classes;
            }
        }

        string missing = kind == DatasetEncoding.Cifar10 ? "batches.meta.txt" : "fine_label_names.txt";
        faults.Add(missing, DatasetFaultReason.Missing, "There is no such list of names; classes are called by their numbers.");
        int count = kind == DatasetEncoding.Cifar10 ? 10 : 100;
        return [.. Enumerable.Range(0, count).Select(label => label.ToString(CultureInfo.InvariantCulture))];
    }

    private static ReadOnlySpan<char> FileName(string path) => path.AsSpan(path.LastIndexOf('/') + 1);
}
