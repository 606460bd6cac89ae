using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using ClipFunctions.Testing;
using static ClipFunctions.Pipeline.Tests.Http.TestHttpServer;

namespace ClipFunctions.Pipeline.Tests.Http;

public sealed class SearchTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FindsTaggedPicturesByWordsAndByLikenessPageByPage()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        foreach (string name in (string[])["cat.jpg", "pizza.png", "rocket.jpg", "bus.jpg", "tractor.png"])
        {
            await server.UploadAsync("folder/" + name, Sample(name));
        }

        await server.UploadAsync("bad.jpg", [1, 2, 3]);

        JsonElement first = await OkAsync(server.GetAsync("api/search?text=a+cat&top=2"));
        Assert.Equal(5, first.GetProperty("pictures").GetInt32());
        Assert.Equal(2, first.GetProperty("results").GetArrayLength());
        JsonElement best = first.GetProperty("results")[0];
        Assert.Equal("folder/cat.jpg", best.GetProperty("name").GetString());
        Assert.Equal("cat", best.GetProperty("labels")[0].GetProperty("label").GetString());
        Assert.InRange(best.GetProperty("score").GetSingle(), 0.1f, 1);

        List<string> names = [];
        for (string? next = "api/search?text=a+cat&top=2"; next is not null;)
        {
            JsonElement page = await OkAsync(server.GetAsync(next.TrimStart('/')));
            names.AddRange(page.GetProperty("results").EnumerateArray().Select(hit => hit.GetProperty("name").GetString()!));
            next = page.GetProperty("next").GetString();
        }

        Assert.Equal(5, names.Distinct().Count());
        Assert.Equal(5, names.Count);

        JsonElement like = await OkAsync(server.GetAsync("api/search?like=folder%2Frocket.jpg"));
        Assert.Equal("folder/rocket.jpg", like.GetProperty("results")[0].GetProperty("name").GetString());
        Assert.Equal(1, like.GetProperty("results")[0].GetProperty("score").GetSingle(), 1e-5f);
        Assert.Equal(JsonValueKind.Null, like.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task RefusesSearchesThatMakeNoSense()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        foreach (string query in (string[])["", "?text=", "?text=a&like=b", "?text=a&top=0", "?text=a&top=x", "?text=a&skip=-1"])
        {
            await ProblemAsync(server.GetAsync("api/search" + query), HttpStatusCode.BadRequest, "InvalidField");
        }

        await ProblemAsync(server.GetAsync("api/search?like=absent.jpg"), HttpStatusCode.NotFound, "NotFound");
        JsonElement empty = await OkAsync(server.GetAsync("api/search?text=a"));
        Assert.Equal(0, empty.GetProperty("pictures").GetInt32());
    }

    [Fact]
    public async Task ListsUploadsNewestFirstWithWhyTheyFailed()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        await server.UploadAsync("cat.jpg", Sample("cat.jpg"));
        await server.UploadAsync("bad.jpg", [1, 2, 3]);

        JsonElement reply = await OkAsync(server.GetAsync("api/uploads"));

        Assert.Equal(2, reply.GetProperty("total").GetInt32());
        JsonElement[] uploads = [.. reply.GetProperty("uploads").EnumerateArray()];
        Assert.Equal(["bad.jpg", "cat.jpg"], uploads.Select(upload => upload.GetProperty("name").GetString()!));
        Assert.Equal("UnsupportedFormat", uploads[0].GetProperty("failure").GetProperty("reason").GetString());
        Assert.Equal("cat", uploads[1].GetProperty("labels")[0].GetProperty("label").GetString());
    }

    [Theory]
    [InlineData("cat.jpg")]
    [InlineData("a b/ö ü#?&+=%.jpg")]
    [InlineData("a%2Fb.jpg")]
    [InlineData("deep/er/still/cat.jpg")]
    public async Task GivesAnUploadAndItsRecordWhateverItsName(string name)
    {
        await using TestHttpServer server = await StartAsync(azurite);
        byte[] cat = Sample("cat.jpg");
        await server.UploadAsync(name, cat);
        JsonElement listed = (await OkAsync(server.GetAsync("api/uploads"))).GetProperty("uploads")[0];
        Assert.Equal(name, listed.GetProperty("name").GetString());
        string picture = listed.GetProperty("picture").GetString()!.TrimStart('/');

        using HttpResponseMessage original = await server.GetAsync(picture);
        Assert.Equal(HttpStatusCode.OK, original.StatusCode);
        Assert.Equal("image/jpeg", original.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", original.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal(cat, await original.Content.ReadAsByteArrayAsync(Token));
        Assert.Equal(HttpStatusCode.NotModified, await AgainAsync(server, picture, original));

        using HttpResponseMessage thumbnail = await server.GetAsync(picture + "?thumbnail=64");
        Assert.Equal(HttpStatusCode.OK, thumbnail.StatusCode);
        using (SkiaSharp.SKBitmap bitmap = SkiaSharp.SKBitmap.Decode(await thumbnail.Content.ReadAsByteArrayAsync(Token)))
        {
            Assert.Equal((64, 64), (bitmap.Width, bitmap.Height));
        }

        Assert.Equal(HttpStatusCode.NotModified, await AgainAsync(server, picture + "?thumbnail=64", thumbnail));
        Assert.Equal(HttpStatusCode.OK, await AgainAsync(server, picture + "?thumbnail=65", thumbnail));

        using HttpResponseMessage record = await server.GetAsync(listed.GetProperty("result").GetString()!.TrimStart('/'));
        Assert.Equal(name, JsonElement.Parse(await record.Content.ReadAsStringAsync(Token)).GetProperty("source").GetProperty("name").GetString());
        Assert.Equal(HttpStatusCode.NotModified, await AgainAsync(server, listed.GetProperty("result").GetString()!.TrimStart('/'), record));

        await server.UploadAsync(name, Sample("dog.jpg"));
        Assert.Equal(HttpStatusCode.OK, await AgainAsync(server, picture, original));
    }

    [Fact]
    public async Task GivesOutNothingButPicturesOfTheUploadsContainer()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        await server.UploadAsync("page.html", "<script>alert(1)</script>"u8.ToArray());
        await server.UploadAsync("picture.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"u8.ToArray());

        await ProblemAsync(server.GetAsync("api/uploads/page.html"), HttpStatusCode.NotFound, "NotFound");
        await ProblemAsync(server.GetAsync("api/uploads/picture.svg"), HttpStatusCode.NotFound, "NotFound");
        await ProblemAsync(server.GetAsync("api/uploads/absent.jpg"), HttpStatusCode.NotFound, "NotFound");
        await ProblemAsync(server.GetAsync("api/results/absent.jpg"), HttpStatusCode.NotFound, "NotFound");
        await ProblemAsync(server.GetAsync("api/uploads/page.html?thumbnail=8"), HttpStatusCode.BadRequest, "InvalidField");
        foreach (string name in (string[])["..%2Fx", "%2e%2e%2Fx", "a%2F..%2F..%2Fx", "..%5Cx", "%2Fx", "a%0D%0Ab"])
        {
            await ProblemAsync(server.GetAsync("api/uploads/" + name), HttpStatusCode.BadRequest, "InvalidName");
            await ProblemAsync(server.GetAsync("api/results/" + name), HttpStatusCode.BadRequest, "InvalidName");
        }
    }

    private static async Task<HttpStatusCode> AgainAsync(TestHttpServer server, string path, HttpResponseMessage before)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(before.Headers.ETag!.Tag, isWeak: true));
        using HttpResponseMessage response = await server.Client.SendAsync(request, Token);
        return response.StatusCode;
    }
}
