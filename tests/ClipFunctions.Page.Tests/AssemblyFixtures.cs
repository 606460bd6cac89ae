using ClipFunctions.Page.Tests;
using ClipFunctions.Testing;

[assembly: AssemblyFixture(typeof(AzuriteServer))]
[assembly: AssemblyFixture(typeof(PageBrowser))]
