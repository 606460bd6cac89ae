using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ClipFunctions.Testing;
using CsCheck;
using static ClipFunctions.Pipeline.Tests.Http.TestHttpServer;

namespace ClipFunctions.Pipeline.Tests.Http;

public sealed class BadRequestTests(AzuriteServer azurite)
{
    private static readonly byte[] Cat = Sample("cat.jpg");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SaysWhatIsWrongWithJson()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        (string Body, string Expected)[] bodies =
        [
            ("{", "line 1"),
            ("", "line 1"),
            ("null", "null"),
            ("[]", "not of the kind"),
            ("""{"texts":"a"}""", "$.texts"),
            ("""{"texts":[1]}""", "$.texts[0]"),
            ("""{"texts":["a"],"normalise":true}""", "'normalise'"),
            ("""{"texts":["a"],"normalize":"yes"}""", "$.normalize"),
        ];
        foreach ((string body, string expected) in bodies)
        {
            JsonElement problem = await ProblemAsync(server.PostAsync("api/embed/text", body), HttpStatusCode.BadRequest, "InvalidJson");
            Assert.Contains(expected, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        await ProblemAsync(server.PostAsync("api/embed/text", "{}"), HttpStatusCode.BadRequest, "NoTexts");
        await ProblemAsync(server.PostAsync("api/embed/text", """{"texts":[]}"""), HttpStatusCode.BadRequest, "NoTexts");
        await ProblemAsync(server.PostAsync("api/embed/text", """{"texts":["a",null]}"""), HttpStatusCode.BadRequest, "InvalidField");
        await OkAsync(server.PostAsync("api/embed/text", "\uFEFF{\"text\":\"a\"}"));
    }

    [Fact]
    public async Task JsonThatIsNotUtf8OrTooDeepIsRefused()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        ByteArrayContent invalid = new([.. "{\"text\":\""u8, 0xFF, 0xC0, .. "\"}"u8]);
        invalid.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        await ProblemAsync(server.PostAsync("api/embed/text", invalid), HttpStatusCode.BadRequest, "InvalidJson");
        await ProblemAsync(server.PostAsync("api/embed/text", new string('[', 100_000)), HttpStatusCode.BadRequest, "InvalidJson");
        await ProblemAsync(server.PostAsync("v1/embeddings", """{"model":"demo","input":""" + new string('[', 1000) + new string(']', 1000) + "}"), HttpStatusCode.BadRequest, "InvalidJson");

        await ProblemAsync(server.PostAsync("api/embed/text", """{"text":"\ud800"}"""), HttpStatusCode.BadRequest, "InvalidJson");
        await ProblemAsync(server.PostAsync("v1/embeddings", """{"model":"demo","input":"\ud800"}"""), HttpStatusCode.BadRequest, "InvalidJson");
    }

    [Fact]
    public async Task RefusesContentThatItDoesNotRead()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        JsonElement problem = await ProblemAsync(server.PostAsync("api/embed/text", new StringContent("a", Encoding.UTF8, "text/plain")), HttpStatusCode.UnsupportedMediaType, "UnsupportedMediaType");
        Assert.Contains("text/plain", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("application/json", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await ProblemAsync(server.PostAsync("api/classify", new StringContent("<a/>", Encoding.UTF8, "application/xml")), HttpStatusCode.UnsupportedMediaType, "UnsupportedMediaType");
        await ProblemAsync(server.PostAsync("api/classify", new ByteArrayContent([])), HttpStatusCode.UnsupportedMediaType, "UnsupportedMediaType");
        using HttpRequestMessage request = new(HttpMethod.Post, "api/embed/text") { Content = Json("""{"text":"a"}""") };
        request.Headers.Accept.ParseAdd("text/html");
        await ProblemAsync(server.Client.SendAsync(request, Token), HttpStatusCode.NotAcceptable, "NotAcceptable");
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFFF")]
    [InlineData("zz")]
    public async Task RefusesChunksThatAreMalformed(string size)
    {
        await using TestHttpServer server = await StartAsync(azurite);
        using TcpClient client = new();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, Token);
        NetworkStream stream = client.GetStream();

        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /api/tokenize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nabc"), Token);
        string answer = await new StreamReader(stream).ReadToEndAsync(Token);

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"BadRequest\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusesFormsThatAreMalformed()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        (string Boundary, string Body)[] forms =
        [
            ("b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nunfinished"),
            ("b", "no boundary at all"),
            ("b", "--b\r\n\r\nno disposition\r\n--b--\r\n"),
            ("b", "--b\r\nContent-Disposition: attachment; name=\"x\"\r\n\r\nx\r\n--b--\r\n"),
            ("b", "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"H{i}: x\r\n")) + "\r\nx\r\n--b--\r\n"),
            (new string('b', 200), "x"),
            ("", "x"),
        ];
        foreach ((string boundary, string body) in forms)
        {
            StringContent content = new(body);
            content.Headers.Remove("Content-Type");
            content.Headers.TryAddWithoutValidation("Content-Type", $"multipart/form-data; boundary={boundary}");
            await ProblemAsync(server.PostAsync("api/classify", content), HttpStatusCode.BadRequest, "InvalidForm");
        }

        await ProblemAsync(server.PostAsync("api/classify", Form([], ("labels", "a"))), HttpStatusCode.BadRequest, "NoPictures");
        await ProblemAsync(server.PostAsync("api/classify", Form([("a", Cat)], ("label", "a"))), HttpStatusCode.BadRequest, "UnknownField");
        await ProblemAsync(server.PostAsync("api/classify", Form([("a", Cat)], ("topK", "many"))), HttpStatusCode.BadRequest, "InvalidField");
        await ProblemAsync(server.PostAsync("api/classify", Form([("a", Cat)], ("topK", "1"), ("topK", "2"))), HttpStatusCode.BadRequest, "InvalidField");
        MultipartFormDataContent notText = Form([("a", Cat)]);
        notText.Add(new ByteArrayContent([0xFF, 0xFE]), "labels");
        await ProblemAsync(server.PostAsync("api/classify", notText), HttpStatusCode.BadRequest, "InvalidField");
    }

    [Fact]
    public async Task RefusesLabelsThatCannotBeUsed()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        await ProblemAsync(server.PostAsync("api/classify?labels=a&labels=%20", Picture(Cat)), HttpStatusCode.BadRequest, "InvalidLabels");
        await ProblemAsync(server.PostAsync("api/classify?labels=a&templates=no%20place", Picture(Cat)), HttpStatusCode.BadRequest, "InvalidLabels");
        await ProblemAsync(server.PostAsync("api/classify?labels=a&labelSet=demo", Picture(Cat)), HttpStatusCode.BadRequest, "InvalidField");
        await ProblemAsync(server.PostAsync("api/classify?labelSet=none", Picture(Cat)), HttpStatusCode.NotFound, "LabelSetNotFound");
        await ProblemAsync(server.PostAsync("api/classify?topK=0", Picture(Cat)), HttpStatusCode.BadRequest, "InvalidField");
        JsonElement problem = await ProblemAsync(server.PostAsync("api/classify?labels=dog&templates={}&templates=a%20{}&labels=" + Uri.EscapeDataString(string.Join(' ', Enumerable.Repeat("cat", 40))), Picture(Cat)), HttpStatusCode.BadRequest, "TextTooLong");
        Assert.Equal(16, problem.GetProperty("limit").GetInt32());
        Assert.Contains("Label 1 in template 0", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FetchesNothingFromAddresses()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        foreach (string body in (string[])["""{"images":["https://example.com/x.jpg"]}""", """{"images":[{"url":"https://example.com/x.jpg"}]}"""])
        {
            JsonElement problem = await ProblemAsync(server.PostAsync("api/embed/image", body), HttpStatusCode.BadRequest, "UrlNotFetched");
            Assert.Contains("not fetched", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        JsonElement vision = await ProblemAsync(server.PostAsync("computervision/retrieval:vectorizeImage?api-version=2024-02-01", """{"url":"http://169.254.169.254/metadata"}"""), HttpStatusCode.BadRequest, "UrlNotFetched");
        Assert.Equal("UrlNotFetched", vision.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task StorageThatDoesNotAnswerIsToldAsSuch()
    {
        await using TestHttpServer server = await StartAsync(azurite, (ClipPipelineServices.StorageSetting, "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a"), ("Clip:Http:RequestTimeout", "00:00:03"));

        using HttpResponseMessage response = await server.GetAsync("api/results/cat.jpg");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotEmpty(response.Headers.GetValues("Retry-After"));
        await OkAsync(server.PostAsync("api/embed/text", """{"text":"a"}"""));
    }

    [Fact]
    public async Task NoBodyHoweverBrokenEndsInAServersError()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        string base64 = Convert.ToBase64String(Cat);
        (string Path, byte[] Body, string Type)[] requests =
        [
            ("api/tokenize", """{"texts":["a cat","b"],"truncate":true,"contextLength":16}"""u8.ToArray(), "application/json"),
            ("api/embed/text", """{"texts":["a cat"],"normalize":true,"encoding":"base64","model":"demo"}"""u8.ToArray(), "application/json"),
            ("api/embed/image", Encoding.UTF8.GetBytes($$"""{"images":["{{base64[..200]}}",{"blob":"x/y","name":"n"}]}"""), "application/json"),
            ("api/classify", Encoding.UTF8.GetBytes($$"""{"image":{"base64":"{{base64[..100]}}"},"labels":["a","b"],"templates":["{}"],"topK":3}"""), "application/json"),
            ("api/similarity", await Form([("a", Cat[..300])], ("texts", "a")).ReadAsByteArrayAsync(Token), "multipart/form-data; boundary=BOUNDARY"),
            ("api/embed/image", Cat[..2000], "image/jpeg"),
            ("v1/embeddings", """{"input":["a",{"text":"b"},{"image":"data:image/png;base64,AAAA"}],"model":"demo","encoding_format":"base64","dimensions":256}"""u8.ToArray(), "application/json"),
            ("computervision/retrieval:vectorizeText", """{"text":"a cat"}"""u8.ToArray(), "application/json"),
            ("api/skill/embed", """{"values":[{"recordId":"1","data":{"text":"a"}},{"recordId":"2","data":{"image":{"$type":"file","data":"AAAA"}}}]}"""u8.ToArray(), "application/json"),
            ("api/skill/classify?labels=a&labels=b", """{"values":[{"recordId":"1","data":{"image":"AAAA"}},{"recordId":"2"}]}"""u8.ToArray(), "application/json"),
        ];
        Gen<(int Request, (int At, int Kind, byte Value)[] Changes)> mutations = Gen.Select(
            Gen.Int[0, requests.Length - 1],
            Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 4], Gen.Byte).Array[0, 6]);

        await mutations.SampleAsync(
            async mutation =>
            {
                (string path, byte[] body, string type) = requests[mutation.Request];
                List<byte> bytes = [.. body];
                foreach ((int at, int kind, byte value) in mutation.Changes)
                {
                    int place = at % Math.Max(1, bytes.Count);
                    switch (kind)
                    {
                        case 0 when bytes.Count > 0:
                            bytes[place] = value;
                            break;
                        case 1:
                            bytes.Insert(place, value);
                            break;
                        case 2 when bytes.Count > 0:
                            bytes.RemoveRange(place, Math.Min(value, bytes.Count - place));
                            break;
                        case 3:
                            bytes.InsertRange(place, bytes.Skip(place).Take(value).ToArray());
                            break;
                        default:
                            bytes.InsertRange(place, "\"{}[]:,\\u0000null-1e999"u8.ToArray().Skip(value % 20));
                            break;
                    }
                }

                ByteArrayContent content = new([.. bytes]);
                content.Headers.TryAddWithoutValidation("Content-Type", type.Replace("BOUNDARY", "x", StringComparison.Ordinal));
                using HttpResponseMessage response = await server.Client.PostAsync(new Uri(path, UriKind.Relative), content);
                string answer = await response.Content.ReadAsStringAsync();
                Assert.True((int)response.StatusCode < 500, $"{path}: {(int)response.StatusCode} {answer}");
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
                }
            },
            iter: 2000,
            threads: 4);
    }
}
