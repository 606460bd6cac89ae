using System.Globalization;

namespace ClipFunctions.Pipeline.Search;

/// <summary>The index is still being built for the first time; trying again later will help.</summary>
/// <param name="recordsRead">Records read so far.</param>
/// <param name="recordsFound">Records found so far; the total once all are listed.</param>
public sealed class IndexNotReadyException(int recordsRead, int recordsFound)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"The search index is being built: {recordsRead:N0} of {recordsFound:N0} records are read."))
{
    /// <summary>Records read so far.</summary>
    public int RecordsRead { get; } = recordsRead;

    /// <summary>Records found so far; the total once all are listed.</summary>
    public int RecordsFound { get; } = recordsFound;
}
