namespace ClipFunctions.ModelCaching.Catalog;

/// <summary>Finds models in a list of entries.</summary>
public static class CatalogLookup
{
    /// <summary>The entry of that id, else the one that has it as an alias, in any case; null if there is none.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="idOrAlias">An id or an alias.</param>
    public static CatalogEntry? Find(this IReadOnlyList<CatalogEntry> entries, string idOrAlias)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return entries.FirstOrDefault(entry => string.Equals(entry.Id, idOrAlias, StringComparison.OrdinalIgnoreCase))
            ?? entries.FirstOrDefault(entry => entry.Aliases.Contains(idOrAlias, StringComparer.OrdinalIgnoreCase));
    }
}
