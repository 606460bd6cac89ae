using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Testing;
using Microsoft.Extensions.Options;
using static ClipFunctions.Pipeline.Tests.Http.TestHttpServer;

namespace ClipFunctions.Pipeline.Tests.Http;

public sealed class LimitTests(AzuriteServer azurite)
{
    private static readonly byte[] Cat = Sample("cat.jpg");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CountsAreBoundAndTheProblemTellsLimitAndActual()
    {
        await using TestHttpServer server = await StartAsync(
            azurite,
            ("Clip:Http:MaxPictures", "2"),
            ("Clip:Http:MaxTexts", "3"),
            ("Clip:Http:MaxTextLength", "50"),
            ("Clip:Http:MaxTokens", "20"),
            ("Clip:Http:MaxPrompts", "4"),
            ("Clip:Http:MaxLogits", "5"));
        string base64 = Convert.ToBase64String(Cat);
        (string, byte[])[] three = [("a", Cat), ("b", Cat), ("c", Cat)];

        await LimitAsync(server.PostAsync("api/embed/image", Form(three)), "TooManyPictures", 2, 3);
        await LimitAsync(server.PostAsync("api/embed/image", $$"""{"images":["{{base64}}","{{base64}}","{{base64}}"]}"""), "TooManyPictures", 2, 3);
        await LimitAsync(server.PostAsync("v1/embeddings", $$"""{"model":"demo","input":["data:image/jpeg;base64,{{base64}}","data:image/jpeg;base64,{{base64}}","data:image/jpeg;base64,{{base64}}"]}"""), "TooManyPictures", 2, 3);
        await LimitAsync(server.PostAsync("api/embed/text", """{"texts":["a","b","c","d"]}"""), "TooManyTexts", 3, 4);
        await LimitAsync(server.PostAsync("api/tokenize", """{"texts":["a","b","c"],"text":"d"}"""), "TooManyTexts", 3, 4);
        await LimitAsync(server.PostAsync("api/embed/text", $$"""{"texts":["a","{{new string('b', 51)}}"]}"""), "TextTooLarge", 50, 51);
        await LimitAsync(server.PostAsync("api/embed/text", """{"texts":["a b c d e f g","a b c d e f g","a b c d e f g"]}"""), "TooManyTokens", 20, 27);
        await LimitAsync(server.PostAsync("api/classify?labels=a&labels=b&labels=c&templates={}&templates=a%20{}", Picture(Cat)), "TooManyPrompts", 4, 6);
        await LimitAsync(server.PostAsync("api/similarity", Form([("a", Cat), ("b", Cat)], ("texts", "a"), ("texts", "b"), ("texts", "c"))), "TooManyLogits", 5, 6);

        // A set of the host is not bound by what requests may bring.
        await OkAsync(server.PostAsync("api/classify?labelSet=demo", Picture(Cat)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ABodyThatIsTooLargeIsRefusedWhetherItTellsItsLengthOrNot(bool chunked)
    {
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:Http:MaxBodyBytes", "20000"));
        byte[] large = new byte[20001];
        Cat.CopyTo(large, 0);
        HttpContent[] bodies = [Picture(large), Json($$"""{"image":"{{Convert.ToBase64String(large)}}"}"""), Form([("a", Cat), ("b", large)])];

        foreach (HttpContent body in bodies)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "api/embed/image") { Content = body };
            request.Headers.TransferEncodingChunked = chunked;
            JsonElement problem = await ProblemAsync(server.Client.SendAsync(request, Token), HttpStatusCode.RequestEntityTooLarge, "BodyTooLarge");
            Assert.Equal(20000, problem.GetProperty("limit").GetInt32());
            Assert.True(problem.GetProperty("actual").GetInt64() > 20000);
        }

        await OkAsync(server.PostAsync("api/embed/image", Picture(Cat)));
    }

    [Fact]
    public async Task PixelsAndBytesOfPicturesAreBound()
    {
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:Images:MaxPixels", "1000"), ("Clip:Images:MaxBytes", "5000"));
        await server.UploadAsync("large.jpg", new byte[6000], tag: false);

        JsonElement bytes = await ProblemAsync(server.PostAsync("api/embed/image", Picture(Cat)), HttpStatusCode.BadRequest, "TooManyBytes");
        Assert.Contains("5,000", bytes.GetProperty("detail").GetString(), StringComparison.Ordinal);
        JsonElement blob = await ProblemAsync(server.PostAsync("api/embed/image", $$"""{"blob":"{{server.UploadsContainer}}/large.jpg"}"""), HttpStatusCode.BadRequest, "TooManyBytes");
        Assert.Contains("6,000", blob.GetProperty("detail").GetString(), StringComparison.Ordinal);
        JsonElement pixels = await ProblemAsync(server.PostAsync("api/embed/image", Picture(EmptyPicture(40, 30))), HttpStatusCode.BadRequest, "TooManyPixels");
        Assert.Contains("1,000", pixels.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestsBeyondThoseThatMayWaitAreToldToComeAgain()
    {
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:Http:MaxConcurrentRequests", "1"), ("Clip:Http:MaxQueuedRequests", "1"));

        // One request stands still in the middle of its body, one waits.
        using Socket slow = await HalfARequestAsync(server);
        List<Task<HttpResponseMessage>> sent = [];
        await UntilAsync(async () =>
        {
            sent = [.. Enumerable.Range(0, 3).Select(_ => server.GetAsync("api/models"))];
            HttpResponseMessage first = await await Task.WhenAny(sent);
            if (first.StatusCode != HttpStatusCode.TooManyRequests)
            {
                // The slow one is not in yet.
                await Task.WhenAll(sent);
                return false;
            }

            Assert.Equal("1", first.Headers.GetValues("Retry-After").Single());
            return true;
        });
        using (HttpResponseMessage live = await server.GetAsync("api/health/live"))
        {
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        }

        slow.Close();
        HttpResponseMessage[] answers = await Task.WhenAll(sent);
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task PicturesBeyondThoseThatMayWaitAreToldToComeAgain()
    {
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:Batching:MaxQueuedImages", "4"), ("Clip:Http:MaxPictures", "64"));
        using ModelLease lease = await server.Models.LeaseAsync("demo", Token);
        byte[] large = LargePicture();
        using CancellationTokenSource stop = new();
        Task busy = lease.Encoder.EncodeImagesAsync([.. Enumerable.Repeat<ReadOnlyMemory<byte>>(large, 64)], QueueAdmission.IfRoom, stop.Token);

        using HttpResponseMessage response = await server.PostAsync("api/classify", Picture(Cat));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(int.Parse(response.Headers.GetValues("Retry-After").Single(), System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        JsonElement problem = JsonElement.Parse(await response.Content.ReadAsStringAsync(Token));
        Assert.Equal(("QueueFull", 4), (problem.GetProperty("code").GetString(), problem.GetProperty("limit").GetInt32()));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => busy);
        await OkAsync(server.PostAsync("api/classify", Picture(Cat)));
    }

    [Fact]
    public async Task ARequestThatTakesTooLongIsEndedAndToldSo()
    {
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:Http:RequestTimeout", "00:00:01"));
        using Socket slow = await HalfARequestAsync(server);

        byte[] buffer = new byte[8192];
        StringBuilder answer = new();
        while (!answer.ToString().Contains("Timeout", StringComparison.Ordinal))
        {
            int read = await slow.ReceiveAsync(buffer, Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
            Assert.NotEqual(0, read);
            answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        Assert.StartsWith("HTTP/1.1 503", answer.ToString(), StringComparison.Ordinal);
        Assert.Contains("Retry-After: 5", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARequestThatIsGivenUpStopsItsWork()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        using ModelLease lease = await server.Models.LeaseAsync("demo", Token);
        byte[] large = LargePicture();
        using CancellationTokenSource giveUp = new();
        Task<HttpResponseMessage> sending = server.Client.PostAsync(new Uri("api/embed/image", UriKind.Relative), Form(Enumerable.Range(0, 60).Select(i => ($"{i}.png", large))), giveUp.Token);
        await UntilAsync(() => Task.FromResult(lease.Encoder.PendingImages > 0));

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await UntilAsync(() => Task.FromResult(lease.Encoder.PendingImages == 0));
        await UntilAsync(() => Task.FromResult(server.Models.LoadedModels.Single().Leases == 1));
    }

    [Fact]
    public async Task SettingsOutOfTheirRangeStopTheStart()
    {
        OptionsValidationException exception = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(azurite, ("Clip:Http:MaxPictures", "0")));
        Assert.Contains("MaxPictures", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ClipFunctions.Pipeline.Configuration.InvalidSettingException>(() => StartAsync(azurite, ("Clip:Batching:MaxImages", "0")));
    }

    private static async Task LimitAsync(Task<HttpResponseMessage> sending, string code, long limit, long actual)
    {
        JsonElement problem = await ProblemAsync(sending, HttpStatusCode.BadRequest, code);
        Assert.Equal((limit, actual), (problem.GetProperty("limit").GetInt64(), problem.GetProperty("actual").GetInt64()));
        Assert.Contains(limit.ToString(System.Globalization.CultureInfo.InvariantCulture), problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Slow to decode, quick to send.</summary>
    private static byte[] LargePicture() => EmptyPicture(3000, 2000);

    private static byte[] EmptyPicture(int width, int height)
    {
        using SkiaSharp.SKBitmap bitmap = new(width, height);
        using SkiaSharp.SKData png = bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    private static async Task<Socket> HalfARequestAsync(TestHttpServer server)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port, Token);
        await socket.SendAsync(Encoding.ASCII.GetBytes("POST /api/embed/image HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 10000\r\n\r\nhalf"), Token);
        return socket;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
