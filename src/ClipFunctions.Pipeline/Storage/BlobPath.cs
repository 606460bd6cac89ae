using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Azure.Storage.Blobs;

namespace ClipFunctions.Pipeline.Storage;

/// <summary>
/// Checks blob names that come from outside. The storage SDK puts a name into an address, and addresses have rules of their own: with
/// <c>..</c> a name would lead out of its container, with others to another blob.
/// </summary>
public static class BlobPath
{
    /// <summary>Whether a name leads to the very blob of that name, inside its container.</summary>
    /// <param name="name">The name, decoded: 1 to 1024 characters, segments separated by <c>/</c>.</param>
    /// <param name="problem">What is wrong with it, as a sentence; null if nothing is.</param>
    public static bool IsValid([NotNullWhen(true)] string? name, [NotNullWhen(false)] out string? problem)
    {
        problem = Problem(name);
        return problem is null;
    }

    /// <summary>
    /// Whether the address that the storage SDK makes of a name is that of the very blob. Names that were listed or told by events are what
    /// uploaders made of them: sent escaped, <c>../models/x</c> is a blob's name like any other.
    /// </summary>
    /// <param name="container">The container.</param>
    /// <param name="name">The name of a blob that is there.</param>
    public static bool LeadsInto(BlobContainerClient container, string name)
    {
        ArgumentNullException.ThrowIfNull(container);
        ArgumentException.ThrowIfNullOrEmpty(name);
        string inside = container.Uri.GetLeftPart(UriPartial.Path) + "/";
        string address = container.GetBlobClient(name).Uri.GetLeftPart(UriPartial.Path);
        return address.StartsWith(inside, StringComparison.Ordinal) && Uri.UnescapeDataString(address[inside.Length..]) == name;
    }

    private static string? Problem(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return "A blob's name must not be empty.";
        }

        if (name.Length > StorageLayout.MaxBlobNameLength)
        {
            return string.Create(CultureInfo.InvariantCulture, $"A blob's name has at most {StorageLayout.MaxBlobNameLength} characters; this one has {name.Length}.");
        }

        if (name[0] == '/' || name[^1] == '/')
        {
            return "A blob's name must not begin or end with '/'.";
        }

        for (int i = 0; i < name.Length; i++)
        {
            char c = name[i];
            if (c == '\\')
            {
                return "A blob's name must not hold '\\'.";
            }

            if (char.IsControl(c))
            {
                return string.Create(CultureInfo.InvariantCulture, $"A blob's name must not hold control characters; character {i} is U+{(int)c:X4}.");
            }

            if (char.IsSurrogatePair(name, i))
            {
                i++;
            }
            else if (char.IsSurrogate(c))
            {
                return string.Create(CultureInfo.InvariantCulture, $"A blob's name must be valid Unicode; character {i} is half of a surrogate pair.");
            }
        }

        foreach (Range segment in name.AsSpan().Split('/'))
        {
            if (name.AsSpan(segment) is "." or "..")
            {
                return $"A blob's name must not hold the segment '{name[segment]}'.";
            }
        }

        return null;
    }
}
