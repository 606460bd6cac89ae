using System.Globalization;

namespace ClipFunctions.ModelCaching.Catalog;

/// <summary>The rules of one entry.</summary>
internal sealed class CatalogEntryValidator(CatalogEntry entry, string origin, string name)
{
    private const int MaximumNameLength = 128;
    private const int MaximumTextLength = 1024;
    private const int MaximumAliases = 64;
    private const int MaximumSources = 16;
    private const int MaximumFiles = 256;
    private const int MaximumImageSize = 4096;
    private const int MaximumDimension = 1 << 16;
    private const long MaximumFileSize = 1L << 44;

    private static readonly string[] CheckpointEndings = [".safetensors", ".safetensors.index.json", ".pt", ".pth", ".bin", ".bin.index.json"];

    /// <summary>A text of the file in the length of a message.</summary>
    public static string Shorten(string text) => text.Length <= 256 ? text : $"{text[..255]}…";

    public void Validate()
    {
        CheckName("id", entry.Id);
        CheckCount("aliases", entry.Aliases.Count, 0, MaximumAliases);
        for (int i = 0; i < entry.Aliases.Count; i++)
        {
            CheckName($"aliases[{i}]", entry.Aliases[i]);
        }

        CheckText("description", entry.Description);
        CheckText("licence", entry.Licence);
        CheckUrl("licenceUrl", entry.LicenceUrl);
        CheckSources();
        CheckPicture();
        CheckCount("embeddingDimension", entry.EmbeddingDimension, 1, MaximumDimension);
        CheckCount("contextLength", entry.ContextLength, 1, MaximumDimension);
        CheckNumber("parametersMillions", entry.ParametersMillions, above: 0, most: 1e6);
        CheckNumber("imageNetTop1", entry.ImageNetTop1, above: 0, most: 100);
        CheckNumber("gflops", entry.Gflops, above: 0, most: 1e6);
    }

    private InvalidCatalogException Error(string field, string problem) => new(origin, name, field, problem);

    private void CheckSources()
    {
        CheckCount("sources", entry.Sources.Count, 1, MaximumSources);
        for (int i = 0; i < entry.Sources.Count; i++)
        {
            string field = $"sources[{i}]";
            CheckSource(field, entry.Sources[i] ?? throw Error(field, "expected an object, found null."));
        }
    }

    private void CheckSource(string field, CatalogSource source)
    {
        if (source.Repository is { } repository && (repository.Split('/').Length != 2 || !IsPath(repository)))
        {
            throw Error($"{field}.repository", $"expected owner/name, found '{Shorten(repository)}'.");
        }

        if (!IsPath(source.Revision) || source.Revision.StartsWith('-'))
        {
            throw Error($"{field}.revision", $"expected a commit (40 hex digits), a branch or a tag, found '{Shorten(source.Revision)}'.");
        }

        CheckCount($"{field}.files", source.Files.Count, 1, MaximumFiles);
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < source.Files.Count; i++)
        {
            string fileField = $"{field}.files[{i}]";
            CatalogFile file = source.Files[i] ?? throw Error(fileField, "expected an object, found null.");
            CheckFile(fileField, file, source);
            if (!names.Add(file.Name.Split('/')[^1]))
            {
                throw Error($"{fileField}.name", $"another file of the source is called '{file.Name.Split('/')[^1]}' on disk too.");
            }
        }

        CatalogFile checkpoint = source.Files[0];
        if (!CheckpointEndings.Any(ending => checkpoint.Name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
        {
            throw Error($"{field}.files[0].name", $"expected the checkpoint first ({string.Join(", ", CheckpointEndings)}), found '{checkpoint.Name}'.");
        }

        if (checkpoint.Optional)
        {
            throw Error($"{field}.files[0].optional", "expected false for the checkpoint, found true.");
        }
    }

    private void CheckFile(string field, CatalogFile file, CatalogSource source)
    {
        if (!IsPath(file.Name))
        {
            throw Error($"{field}.name", $"'{Shorten(file.Name)}' is no file's path in a repository: letters, digits and - _ . @ + in parts separated by /, no part of dots alone or ending with a dot.");
        }

        CheckUrl($"{field}.url", file.Url);
        if (file.Url is null && source.Repository is null)
        {
            throw Error($"{field}.url", "expected an address, found none, and the source has no repository.");
        }

        if (file.Size is < 1 or > MaximumFileSize)
        {
            throw Error($"{field}.size", $"expected 1 to {MaximumFileSize} bytes, found {file.Size}.");
        }

        if (file.Sha256 is { } hash && (hash.Length != 64 || !hash.All(char.IsAsciiHexDigitLower)))
        {
            throw Error($"{field}.sha256", $"expected 64 lower-case hex digits, found '{Shorten(hash)}'.");
        }
    }

    private void CheckPicture()
    {
        CheckCount("imageSize", entry.ImageSize, 1, MaximumImageSize);
        if (entry.Activation is { } activation && !Enum.IsDefined(activation))
        {
            throw Error("activation", $"expected quick_gelu or gelu, found {activation}.");
        }

        if (entry.ResizeMode is not (null or "shortest" or "squash" or "longest"))
        {
            throw Error("resizeMode", $"expected shortest, squash or longest, found '{Shorten(entry.ResizeMode)}'.");
        }

        if (entry.Mean is null != entry.Std is null)
        {
            throw Error(entry.Mean is null ? "mean" : "std", "expected 3 numbers, found none: mean and std are stated together.");
        }

        CheckChannels("mean", entry.Mean, value => value is >= 0 and <= 1, "0 to 1");
        CheckChannels("std", entry.Std, value => value is > 0 and <= 10, "a number above 0 and at most 10");
    }

    private void CheckChannels(string field, IReadOnlyList<float>? values, Predicate<float> allowed, string expected)
    {
        if (values is null)
        {
            return;
        }

        if (values.Count != 3)
        {
            throw Error(field, $"expected 3 numbers, found {values.Count}.");
        }

        for (int c = 0; c < 3; c++)
        {
            if (!allowed(values[c]))
            {
                throw Error($"{field}[{c}]", $"expected {expected}, found {Text(values[c])}.");
            }
        }
    }

    private void CheckName(string field, string value)
    {
        CheckText(field, value);
        if (value.Length > MaximumNameLength)
        {
            throw Error(field, $"{value.Length} characters are more than {MaximumNameLength}.");
        }

        if (!IsPath(value))
        {
            throw Error(field, $"'{value}' is no name of a model: letters, digits and - _ . @ + in parts separated by /, no part of dots alone or ending with a dot.");
        }
    }

    private void CheckUrl(string field, string? value)
    {
        if (value is null)
        {
            return;
        }

        // Without TLS only what never leaves the machine.
        bool allowed = value.Length <= MaximumTextLength * 2
            && Uri.TryCreate(value, UriKind.Absolute, out Uri? url)
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            && url.UserInfo.Length == 0
            && url.Fragment.Length == 0;
        if (!allowed)
        {
            throw Error(field, $"expected an https address without user name and fragment, found '{Shorten(value)}'.");
        }
    }

    private void CheckText(string field, string value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            throw Error(field, "expected a text, found none.");
        }

        if (value.Length > MaximumTextLength)
        {
            throw Error(field, $"{value.Length} characters are more than {MaximumTextLength}.");
        }

        if (value.Any(char.IsControl))
        {
            throw Error(field, "expected one line of text, found a control character.");
        }
    }

    private void CheckCount(string field, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw Error(field, $"expected {least} to {most}, found {value}.");
        }
    }

    private void CheckNumber(string field, double? value, double above, double most)
    {
        if (value is { } number && !(number > above && number <= most))
        {
            throw Error(field, $"expected a number above {Text(above)} and at most {Text(most)}, found {Text(number)}.");
        }
    }

    // Safe in an address and on every file system: names of models, repositories, revisions and files.
    private static bool IsPath(string text) =>
        text.Length <= 255
        && text.Split('/').All(part =>
            part.Length > 0
            && part[^1] != '.'
            && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@' or '+'));

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
