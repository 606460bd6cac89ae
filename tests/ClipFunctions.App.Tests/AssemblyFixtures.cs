using ClipFunctions.App.Tests.Worker;
using ClipFunctions.Testing;

[assembly: AssemblyFixture(typeof(AzuriteServer))]
[assembly: AssemblyFixture(typeof(RunningApp))]
