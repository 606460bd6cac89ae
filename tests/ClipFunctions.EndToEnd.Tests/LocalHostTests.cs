namespace ClipFunctions.EndToEnd.Tests;

/// <summary>The suite against the local host; with <c>CLIP_E2E_URL</c>, against the host of that address.</summary>
public sealed class LocalHostTests(LocalHostUnderTest host) : EndToEndTests(host), IClassFixture<LocalHostUnderTest>;
