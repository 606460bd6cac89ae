namespace ClipFunctions.Testing;

/// <summary>Folders of the checkout that the tests run from.</summary>
public static class RepositoryPaths
{
    /// <summary>The folder that holds <c>ClipFunctions.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The shipped <c>demo</c> bundle.</summary>
    public static string DemoBundle => Path.Combine(Root, "models", "demo");

    /// <summary>The pictures that <c>run.sh</c> uploads.</summary>
    public static string Samples => Path.Combine(Root, "samples");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ClipFunctions.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No ClipFunctions.sln above {AppContext.BaseDirectory}: run the tests from a checkout.");
    }
}
