using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ClipFunctions.Testing;

/// <summary>Keeps tests, and the processes that they start, out of the user's cache of models.</summary>
internal static class TestCacheFolder
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification = "Only test projects use this library.")]
    internal static void Use() => Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(Path.GetTempPath(), "clipfunctions-test-cache"));
}
