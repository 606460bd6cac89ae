using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace ClipFunctions.Docs.Tests;

/// <summary>A program of the documents, compiled as <c>dotnet run file.cs</c> compiles it, and run in this process.</summary>
internal sealed class CompiledProgram
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions Parsing = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest).WithFeatures([new("FileBasedProgram", "true")]);

    // Everything that this process was started with: the framework and the rooms.
    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    private readonly MethodInfo _entry;

    private CompiledProgram(MethodInfo entry) => _entry = entry;

    public static CompiledProgram Compile(string name, string source)
    {
        CSharpCompilation compilation = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(source, Parsing, name), CSharpSyntaxTree.ParseText(ImplicitUsings, Parsing)],
            References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        using MemoryStream assembly = new();
        EmitResult result = compilation.Emit(assembly);
        Diagnostic[] problems = [.. result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)];
        Assert.True(problems.Length == 0, $"{name}:\n{string.Join('\n', problems.Select(problem => problem.ToString()))}");
        return new CompiledProgram(Assembly.Load(assembly.ToArray()).EntryPoint!);
    }

    /// <summary>Runs it; standard output and the current folder are the process's, so one at a time.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string[]> RunAsync(string folder, params string[] args)
    {
        TextWriter before = Console.Out;
        string here = Environment.CurrentDirectory;
        using StringWriter output = new();
        try
        {
            Console.SetOut(output);
            Environment.CurrentDirectory = folder;

            // The entry point blocks on the program's own asynchronous one.
            await Task.Run(() => _entry.Invoke(null, BindingFlags.DoNotWrapExceptions, null, _entry.GetParameters().Length == 0 ? [] : [args], null), TestContext.Current.CancellationToken);
        }
        finally
        {
            Environment.CurrentDirectory = here;
            Console.SetOut(before);
        }

        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
