using System.Net;
using System.Net.Sockets;
using ClipFunctions.Testing;
using static ClipFunctions.Pipeline.Tests.Http.TestHttpServer;

namespace ClipFunctions.Pipeline.Tests.Http;

public sealed class ModelFetchTests(AzuriteServer azurite)
{
    [Fact]
    public async Task ARequestMakesTheHostFetchNoModelNorSpeakToAnybody()
    {
        using TcpListener hub = new(IPAddress.Loopback, 0);
        hub.Start();
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:HubUrl", $"http://127.0.0.1:{((IPEndPoint)hub.LocalEndpoint).Port}/"));
        foreach (string model in (string[])["ViT-B/32", "openai/clip-vit-base-patch32", "ViT-L-14:fp16"])
        {
            await ProblemAsync(server.PostAsync("api/embed/text", $$"""{"text":"a","model":"{{model}}"}"""), HttpStatusCode.NotFound, "ModelNotFound");
        }

        foreach (string model in (string[])["http://169.254.169.254/latest", "file:///etc/passwd", "//elsewhere/x"])
        {
            using HttpResponseMessage answer = await server.PostAsync("api/embed/text", $$"""{"text":"a","model":"{{model}}"}""");
            Assert.InRange((int)answer.StatusCode, 400, 404);
        }

        Assert.False(hub.Pending());
    }
}
