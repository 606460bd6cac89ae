using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ClipFunctions.Checkpoints.Tests;
using ClipFunctions.ModelCaching.Downloads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

public sealed class EncryptedHubTests
{
    private const string Subject = "CN=127.0.0.1";

    [Fact]
    public async Task DoesNotFollowARedirectToAnUnencryptedAddress()
    {
        int requests = 0;
        await using WebApplication server = await StartAsync(context =>
        {
            requests++;
            context.Response.Redirect(context.Request.Path == "/plain" ? "http://127.0.0.1:9/file" : "/plain");
            return Task.CompletedTask;
        });

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => DownloadAsync(server, trust: true));

        Assert.Equal(DownloadFault.Redirect, exception.Fault);
        Assert.Contains("http://127.0.0.1:9/file", exception.Message, StringComparison.Ordinal);
        Assert.Equal(2, requests);
    }

    [Fact]
    public async Task DoesNotTrustAServerThatCannotProveWhoItIs()
    {
        int requests = 0;
        await using WebApplication server = await StartAsync(_ =>
        {
            requests++;
            return Task.CompletedTask;
        });

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => DownloadAsync(server, trust: false));

        Assert.Equal(DownloadFault.Unreachable, exception.Fault);
        Assert.Contains("cannot be secured", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, requests);
    }

    private static async Task DownloadAsync(WebApplication server, bool trust)
    {
        using TemporaryFolder folder = new();
        Uri address = new(server.Urls.Single());
        using HubClient hub = new(address, "t0ken", null, null, trust ? (_, certificate, _, _) => certificate?.Subject == Subject : null);
        await new FileDownloader(hub).DownloadAsync(new DownloadRequest { Address = new Uri(address, "/file"), Name = "file" }, folder.Path, null, TestContext.Current.CancellationToken);
    }

    private static async Task<WebApplication> StartAsync(RequestDelegate answer)
    {
        using RSA key = RSA.Create(2048);
        X509Certificate2 certificate = new CertificateRequest(Subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, (ListenOptions options) => options.UseHttps(certificate)));
        WebApplication server = builder.Build();
        server.Run(answer);
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }
}
