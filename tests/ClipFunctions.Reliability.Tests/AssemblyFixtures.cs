using ClipFunctions.Testing;

[assembly: AssemblyFixture(typeof(AzuriteServer))]
