namespace ClipFunctions.EndToEnd.Tests;

/// <summary>The suite against the Functions app's own process; with <c>CLIP_E2E_URL</c>, the other class already runs it against the given host.</summary>
public sealed class FunctionsAppTests : EndToEndTests, IClassFixture<FunctionsAppUnderTest>
{
    public FunctionsAppTests(FunctionsAppUnderTest host)
        : base(host) => Assert.SkipWhen(HostUnderTest.IsGiven, "A host is given by CLIP_E2E_URL.");
}
