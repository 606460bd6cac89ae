using System.Reflection;

namespace ClipFunctions.ModelCaching.Catalog;

/// <summary>
/// The published models that can be asked for by name: those that ship with the code, and those of a user's file.
/// No two entries share a name, an alias or a folder, whatever the case. Immutable.
/// </summary>
public sealed class ModelCatalog
{
    /// <summary>The most bytes of a catalogue's file.</summary>
    public const int MaximumBytes = 4 << 20;

    private const int SuggestionCount = 3;
    private const int MaximumSuggestedLength = 128;

    private readonly Dictionary<string, CatalogEntry> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly string _origin;

    // Of two entries that clash, the later one in the order of checking is named as the one at fault.
    private ModelCatalog(IReadOnlyList<CatalogEntry> entries, IEnumerable<CatalogEntry> orderOfChecking, string origin)
    {
        Entries = entries;
        _origin = origin;
        Dictionary<string, CatalogEntry> folders = new(StringComparer.OrdinalIgnoreCase);
        foreach (CatalogEntry entry in orderOfChecking)
        {
            Add(entry, "id", entry.Id);
            for (int i = 0; i < entry.Aliases.Count; i++)
            {
                Add(entry, $"aliases[{i}]", entry.Aliases[i]);
            }

            if (!folders.TryAdd(DirectoryModelSource.FolderName(entry.Id), entry))
            {
                CatalogEntry other = folders[DirectoryModelSource.FolderName(entry.Id)];
                throw new InvalidCatalogException(origin, entry.Id, "id", $"'{entry.Id}' would lie in the same folder as '{other.Id}'.");
            }
        }
    }

    /// <summary>The models that ship with the code.</summary>
    public static ModelCatalog Default { get; } = Parse(ReadEmbedded(), "the embedded catalog.json");

    /// <summary>The entries: the shipped ones in their order, then those that were added.</summary>
    public IReadOnlyList<CatalogEntry> Entries { get; }

    /// <summary>The shipped models and those of a user's file.</summary>
    /// <param name="userFile">
    /// A JSON file of the form <c>{"models": […]}</c>, each an object with <see cref="CatalogEntry"/>'s fields in camel case; comments and
    /// trailing commas are allowed. An entry replaces the shipped one of the same id and is added otherwise. Null or empty: none.
    /// </param>
    /// <exception cref="InvalidCatalogException">The file cannot be read, is too large or no such JSON, or an entry breaks a rule.</exception>
    public static ModelCatalog Load(string? userFile)
    {
        if (string.IsNullOrEmpty(userFile))
        {
            return Default;
        }

        byte[] json;
        try
        {
            long length = new FileInfo(userFile).Length;
            if (length > MaximumBytes)
            {
                throw new InvalidCatalogException(userFile, null, null, $"{length} bytes are more than a catalogue may have ({MaximumBytes}).");
            }

            json = File.ReadAllBytes(userFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidCatalogException(userFile, null, null, $"cannot be read: {exception.Message}", exception);
        }

        return Default.With(Parse(json, userFile));
    }

    /// <summary>Reads a catalogue from its JSON alone, without the shipped models.</summary>
    /// <param name="utf8Json">The text, of the form that <see cref="Load"/> takes.</param>
    /// <param name="origin">What to call it in errors.</param>
    /// <exception cref="InvalidCatalogException">It is no such JSON, or an entry breaks a rule.</exception>
    public static ModelCatalog Parse(ReadOnlyMemory<byte> utf8Json, string origin = "catalog.json")
    {
        ArgumentException.ThrowIfNullOrEmpty(origin);
        IReadOnlyList<CatalogEntry> entries = CatalogReader.Read(utf8Json, origin);
        return new ModelCatalog(entries, entries, origin);
    }

    /// <summary>A catalogue of these entries, which are checked as a file's are.</summary>
    /// <param name="entries">The entries.</param>
    /// <exception cref="InvalidCatalogException">An entry breaks a rule.</exception>
    public static ModelCatalog Of(params IReadOnlyList<CatalogEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        const string Origin = "catalogue";
        foreach (CatalogEntry entry in entries)
        {
            new CatalogEntryValidator(entry, Origin, entry.Id).Validate();
        }

        return new ModelCatalog(entries, entries, Origin);
    }

    /// <summary>This catalogue with another's entries: one of the same id takes its place, a new one comes last.</summary>
    /// <param name="additions">The other.</param>
    /// <exception cref="InvalidCatalogException">An entry of the other has a name of one of this that it does not replace.</exception>
    public ModelCatalog With(ModelCatalog additions)
    {
        ArgumentNullException.ThrowIfNull(additions);
        Dictionary<string, CatalogEntry> replacements = additions.Entries.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        HashSet<string> present = [.. Entries.Select(entry => entry.Id)];
        return new ModelCatalog(
            [
                .. Entries.Select(entry => replacements.GetValueOrDefault(entry.Id, entry)),
                .. additions.Entries.Where(entry => !present.Contains(entry.Id)),
            ],
            Entries.Where(entry => !replacements.ContainsKey(entry.Id)).Concat(additions.Entries),
            additions._origin);
    }

    /// <summary>The model of that name.</summary>
    /// <param name="idOrAlias">
    /// An id or an alias, in any case: openai's name (<c>ViT-B/32</c>, <c>ViT-B-32</c>), open_clip's architecture and tag
    /// (<c>ViT-B-32/laion2b_s34b_b79k</c>) or the hub's (<c>laion/CLIP-ViT-B-32-laion2B-s34B-b79K</c>).
    /// </param>
    /// <returns>Its entry, or null if there is none.</returns>
    public CatalogEntry? Find(string idOrAlias)
    {
        ArgumentNullException.ThrowIfNull(idOrAlias);
        return _byName.GetValueOrDefault(idOrAlias.Trim());
    }

    /// <summary>The ids whose names are most like a name that was not found, the likeliest first; at most three, perhaps none.</summary>
    /// <param name="name">What was asked for.</param>
    public IReadOnlyList<string> Suggest(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string wanted = Simplify(name);
        if (wanted.Length == 0)
        {
            return [];
        }

        return
        [
            .. Entries
                .Select(entry => (entry.Id, Distance: entry.Aliases.Prepend(entry.Id).Min(known => Distance(wanted, Simplify(known)))))
                .Where(candidate => candidate.Distance <= Math.Max(2, wanted.Length / 3))
                .OrderBy(candidate => candidate.Distance)
                .Take(SuggestionCount)
                .Select(candidate => candidate.Id),
        ];
    }

    private static byte[] ReadEmbedded()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("catalog.json")!;
        byte[] json = new byte[stream.Length];
        stream.ReadExactly(json);
        return json;
    }

    private static string Simplify(string name) =>
        string.Concat(name.Take(MaximumSuggestedLength).Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant));

    // Levenshtein's, with 1 for a name that holds the other whole, so that "laion2b" finds its models.
    private static int Distance(string wanted, string known)
    {
        if (wanted.Length >= 4 && wanted != known && (known.Contains(wanted, StringComparison.Ordinal) || wanted.Contains(known, StringComparison.Ordinal)))
        {
            return 1;
        }

        Span<int> row = stackalloc int[known.Length + 1];
        for (int j = 0; j <= known.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= wanted.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= known.Length; j++)
            {
                int substitution = diagonal + (wanted[i - 1] == known[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitution, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[known.Length];
    }

    private void Add(CatalogEntry entry, string field, string name)
    {
        if (!_byName.TryAdd(name, entry))
        {
            CatalogEntry other = _byName[name];
            throw new InvalidCatalogException(
                _origin,
                entry.Id,
                field,
                ReferenceEquals(other, entry) ? $"'{name}' is there twice." : $"'{name}' is already a name of '{other.Id}'; names differ in more than case.");
        }
    }
}
