using ClipFunctions.Infra.Tests;

[assembly: AssemblyFixture(typeof(CompiledTemplates))]
