namespace ClipFunctions.Page.Tests;

/// <summary>Tests that look at one host, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PageCollection : ICollectionFixture<PageHost>
{
    /// <summary>Its name.</summary>
    public const string Name = "page";
}
