namespace ClipFunctions.ModelCaching.Catalog;

/// <summary>A catalogue breaks a rule; the message names the file, the entry, the field, and what was expected and found.</summary>
public sealed class InvalidCatalogException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="file">The file at fault.</param>
    /// <param name="entry">The entry's id, or <c>models[3]</c> where it has none; null if it is the file as a whole.</param>
    /// <param name="field">The field at fault in the form <c>sources[0].files[1].size</c>; null if it is the entry as a whole.</param>
    /// <param name="problem">What is wrong, with limit and actual value.</param>
    /// <param name="innerException">What lies behind it.</param>
    public InvalidCatalogException(string file, string? entry, string? field, string problem, Exception? innerException = null)
        : base($"{string.Join(": ", new[] { file, entry, field }.OfType<string>())}: {problem}", innerException)
    {
        File = file;
        Entry = entry;
        Field = field;
    }

    /// <summary>The file at fault.</summary>
    public string File { get; }

    /// <summary>The entry at fault, or null.</summary>
    public string? Entry { get; }

    /// <summary>The field at fault, or null.</summary>
    public string? Field { get; }
}
