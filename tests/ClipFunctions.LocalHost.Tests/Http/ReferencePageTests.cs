using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace ClipFunctions.LocalHost.Tests.Http;

[Collection(SampleHostTests.Name)]
public sealed partial class ReferencePageTests(SampleHost host)
{
    private static readonly Uri Script = new("api/reference/scalar.js", UriKind.Relative);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItsScriptIsTheSamePackedAndPlain()
    {
        using HttpResponseMessage plain = await host.Http.GetAsync(Script, Token);
        using HttpRequestMessage request = new(HttpMethod.Get, Script) { Headers = { AcceptEncoding = { new StringWithQualityHeaderValue("gzip") } } };
        using HttpResponseMessage packed = await host.Http.SendAsync(request, Token);

        Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
        Assert.NotEqual(plain.Headers.ETag, packed.Headers.ETag);
        string script = await plain.Content.ReadAsStringAsync(Token);
        Assert.Contains("createApiReference", script, StringComparison.Ordinal);
        await using GZipStream unpacking = new(await packed.Content.ReadAsStreamAsync(Token), CompressionMode.Decompress);
        using StreamReader reader = new(unpacking);
        Assert.Equal(script, await reader.ReadToEndAsync(Token));
    }

    [Fact]
    public async Task NamesNothingThatIsElsewhere()
    {
        string page = await host.Http.GetStringAsync(new Uri("api/reference", UriKind.Relative), Token);

        Assert.All(Address().Matches(page), match => Assert.DoesNotMatch("^(https?:)?//", match.Groups[1].Value));
        Assert.NotEmpty(Address().Matches(page));
    }

    [GeneratedRegex("""(?:src|href)="([^"]*)""")]
    private static partial Regex Address();
}
