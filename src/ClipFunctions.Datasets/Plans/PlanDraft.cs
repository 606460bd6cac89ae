using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Plans;

/// <summary>Gathers items and faults in any order and makes a plan of them. Not for several threads.</summary>
internal sealed class PlanDraft(string origin, DatasetOptions options)
{
    private readonly List<DatasetItem> _items = [];
    private readonly Dictionary<string, int> _classes = new(StringComparer.Ordinal);

    public FaultCollector Faults { get; } = new(options.MaxListedFaults);

    public int Count => _items.Count;

    /// <summary>The classes that were met, in no order that counts.</summary>
    public IReadOnlyCollection<string> Classes => _classes.Keys;

    /// <summary>Adds a picture.</summary>
    /// <exception cref="InvalidDatasetException">It is one too many.</exception>
    public void Add(
        string name,
        ReadOnlySpan<char> className,
        DatasetSplit split,
        DatasetFile file,
        long offset,
        long length,
        DatasetEncoding encoding = DatasetEncoding.Picture,
        bool inGzip = false)
    {
        if (_items.Count >= options.MaxItems)
        {
            throw new InvalidDatasetException(origin, string.Create(CultureInfo.InvariantCulture, $"it has more than {options.MaxItems:N0} pictures."));
        }

        ref int label = ref CollectionsMarshal.GetValueRefOrAddDefault(_classes.GetAlternateLookup<ReadOnlySpan<char>>(), className, out bool known);
        if (!known)
        {
            label = _classes.Count - 1;
        }

        _items.Add(new DatasetItem
        {
            Split = split,
            Label = label,
            Name = name,
            File = file,
            Offset = offset,
            Length = length,
            Encoding = encoding,
            InGzip = inGzip,
        });
    }

    /// <summary>Gives classes that are numbers the names in their places.</summary>
    public void Rename(IReadOnlyList<string> names)
    {
        Dictionary<string, int> renamed = _classes.ToDictionary(entry => names[int.Parse(entry.Key, CultureInfo.InvariantCulture)], entry => entry.Value, StringComparer.Ordinal);
        _classes.Clear();
        foreach ((string name, int label) in renamed)
        {
            _classes.Add(name, label);
        }
    }

    /// <summary>Makes the plan; the draft is used up.</summary>
    /// <param name="format">How the data set is laid out.</param>
    /// <param name="order">The order of its classes, where it has no list of its own.</param>
    /// <param name="list">Its list of classes: all of them are in the plan, with or without pictures.</param>
    /// <exception cref="InvalidDatasetException">There are no pictures, or not of two classes.</exception>
    public DatasetPlan Complete(DatasetFormat format, IComparer<string>? order = null, IReadOnlyList<string>? list = null)
    {
        RemoveWhatTrainLacks();
        if (_items.Count == 0)
        {
            throw new InvalidDatasetException(origin, $"no picture with a label was found (taken as '{format}').{Faults.Summary()}");
        }

        string[] names = Names();
        bool[] used = new bool[names.Length];
        foreach (DatasetItem item in _items)
        {
            used[item.Label] = true;
        }

        List<string> classes = [.. names.Where((_, label) => used[label])];
        if (classes.Count < 2)
        {
            throw new InvalidDatasetException(
                origin,
                string.Create(CultureInfo.InvariantCulture, $"all {_items.Count:N0} pictures are of the class '{classes[0]}' (taken as '{format}'); at least two classes are needed.{Faults.Summary()}"));
        }

        if (list is null)
        {
            classes.Sort(order ?? StringComparer.Ordinal);
        }
        else
        {
            classes = [.. list];
        }

        Relabel(names, classes);
        _items.Sort(Compare);
        return new DatasetPlan(origin, format, [.. classes], _items, Faults.Complete());
    }

    private void RemoveWhatTrainLacks()
    {
        bool[] inTrain = new bool[_classes.Count];
        bool hasTrain = false;
        foreach (DatasetItem item in _items)
        {
            if (item.Split == DatasetSplit.Train)
            {
                hasTrain = inTrain[item.Label] = true;
            }
        }

        if (!hasTrain)
        {
            return;
        }

        string[] names = Names();
        _items.RemoveAll(item =>
        {
            if (inTrain[item.Label])
            {
                return false;
            }

            Faults.Add(item.Name, DatasetFaultReason.ClassNotInTrain, $"Its class '{names[item.Label]}' has no picture in train.");
            return true;
        });
    }

    private string[] Names()
    {
        string[] names = new string[_classes.Count];
        foreach ((string name, int label) in _classes)
        {
            names[label] = name;
        }

        return names;
    }

    private void Relabel(string[] names, List<string> classes)
    {
        Dictionary<string, int> places = new(classes.Count, StringComparer.Ordinal);
        for (int i = 0; i < classes.Count; i++)
        {
            places[classes[i]] = i;
        }

        int[] labels = [.. names.Select(name => places.GetValueOrDefault(name, -1))];
        Span<DatasetItem> items = CollectionsMarshal.AsSpan(_items);
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = items[i] with { Label = labels[items[i].Label] };
        }
    }

    private static int Compare(DatasetItem one, DatasetItem other)
    {
        int order = (int)one.Split - (int)other.Split;
        order = order != 0 ? order : string.CompareOrdinal(one.File.Name, other.File.Name);
        order = order != 0 ? order : one.Offset.CompareTo(other.Offset);
        return order != 0 ? order : string.CompareOrdinal(one.Name, other.Name);
    }
}
