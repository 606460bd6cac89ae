namespace ClipFunctions.Clip.Bundles;

/// <summary>A model bundle is not what it should be: the message names the file, the field and what was expected and found.</summary>
public sealed class InvalidBundleException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="file">The file at fault.</param>
    /// <param name="field">The field at fault in the form <c>preprocessing.std[1]</c>, or null if it is the file as a whole.</param>
    /// <param name="problem">What is wrong, with limit and actual value.</param>
    /// <param name="innerException">What lies behind it.</param>
    public InvalidBundleException(string file, string? field, string problem, Exception? innerException = null)
        : base(field is null ? $"{file}: {problem}" : $"{file}: {field}: {problem}", innerException)
    {
        File = file;
        Field = field;
    }

    /// <summary>The file at fault.</summary>
    public string File { get; }

    /// <summary>The field at fault, or null.</summary>
    public string? Field { get; }
}
