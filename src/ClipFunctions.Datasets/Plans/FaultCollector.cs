using System.Globalization;

namespace ClipFunctions.Datasets.Plans;

/// <summary>Counts faults and keeps the first by name, whatever order they come in. Not for several threads.</summary>
internal sealed class FaultCollector(int maxListed)
{
    private const int MaxTextLength = 300;

    private readonly SortedDictionary<DatasetFaultReason, long> _counts = [];
    private readonly SortedSet<DatasetFault> _listed = new(Comparer<DatasetFault>.Create(Compare));
    private long _total;

    public long Total => _total;

    public void Add(string name, DatasetFaultReason reason, string message)
    {
        _total++;
        _counts[reason] = _counts.GetValueOrDefault(reason) + 1;
        DatasetFault fault = new(Shorten(name), reason, Shorten(message));
        if (maxListed > 0 && (_listed.Count < maxListed || Compare(fault, _listed.Max!) < 0) && _listed.Add(fault) && _listed.Count > maxListed)
        {
            _listed.Remove(_listed.Max!);
        }
    }

    public void Add(FaultCollector other)
    {
        _total += other._total;
        foreach ((DatasetFaultReason reason, long count) in other._counts)
        {
            _counts[reason] = _counts.GetValueOrDefault(reason) + count;
        }

        _listed.UnionWith(other._listed);
        while (_listed.Count > maxListed)
        {
            _listed.Remove(_listed.Max!);
        }
    }

    public DatasetFaults Complete() => new() { Total = _total, Counts = _counts, Listed = [.. _listed] };

    /// <summary>What was found instead of pictures, as the end of a sentence; empty if nothing was.</summary>
    public string Summary()
    {
        if (_total == 0)
        {
            return "";
        }

        string counts = string.Join(", ", _counts.OrderByDescending(count => count.Value).Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Value:N0} {count.Key}")));
        string example = _listed.Count > 0 ? $"; for example '{_listed.Min!.Name}': {_listed.Min.Message}" : ".";
        return $" Not usable: {counts}{example}";
    }

    private static int Compare(DatasetFault one, DatasetFault other)
    {
        int order = string.CompareOrdinal(one.Name, other.Name);
        order = order != 0 ? order : (int)one.Reason - (int)other.Reason;
        return order != 0 ? order : string.CompareOrdinal(one.Message, other.Message);
    }

    private static string Shorten(string text)
    {
        if (text.Length <= MaxTextLength)
        {
            return text;
        }

        int keep = char.IsHighSurrogate(text[MaxTextLength - 2]) ? MaxTextLength - 2 : MaxTextLength - 1;
        return string.Concat(text.AsSpan(0, keep), "…");
    }
}
