using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.ModelCaching;
using ClipFunctions.Testing;
using static ClipFunctions.Pipeline.Tests.Http.TestHttpServer;

namespace ClipFunctions.Pipeline.Tests.Http;

public sealed class EmbedTests(AzuriteServer azurite)
{
    private static readonly byte[] Cat = Sample("cat.jpg");
    private static readonly byte[] Pizza = Sample("pizza.png");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TokenizesAsTheReferenceDoes()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        using ModelLease lease = await server.Models.LeaseAsync("demo", Token);
        ClipModel model = lease.Model;
        TokenBatch expected = model.Tokenizer.Tokenize(["a cat", "Ⅷ &amp; 🐈"], model.ContextLength);

        JsonElement reply = await OkAsync(server.PostAsync("api/tokenize", """{"texts":["a cat","Ⅷ &amp; 🐈"]}"""));

        Assert.Equal(model.ContextLength, reply.GetProperty("contextLength").GetInt32());
        JsonElement[] results = [.. reply.GetProperty("results").EnumerateArray()];
        for (int row = 0; row < 2; row++)
        {
            Assert.Equal(expected[row].ToArray(), results[row].GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()));
            Assert.Equal(expected.EndPositions[row] + 1, results[row].GetProperty("count").GetInt32());
            Assert.Equal(expected.EndPositions[row] + 1, results[row].GetProperty("tokens").GetArrayLength());
        }

        Assert.Equal(["<|startoftext|>", "a</w>", "cat</w>", "<|endoftext|>"], results[0].GetProperty("tokens").EnumerateArray().Select(token => token.GetString()!));
    }

    [Fact]
    public async Task TokenizesToAContextLengthOfOnesOwnAndCutsOnRequest()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        JsonElement cut = await OkAsync(server.PostAsync("api/tokenize", """{"text":"a photo of a very large cat","contextLength":4,"truncate":true}"""));
        Assert.Equal(4, cut.GetProperty("results")[0].GetProperty("ids").GetArrayLength());

        JsonElement problem = await ProblemAsync(server.PostAsync("api/tokenize", """{"texts":["a","a photo of a very large cat"],"contextLength":4}"""), HttpStatusCode.BadRequest, "TextTooLong");
        Assert.Equal(4, problem.GetProperty("limit").GetInt32());
        Assert.True(problem.GetProperty("actual").GetInt32() > 4);
        Assert.Contains("Text 1", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await ProblemAsync(server.PostAsync("api/tokenize", """{"text":"a","contextLength":1}"""), HttpStatusCode.BadRequest, "InvalidField");
    }

    [Fact]
    public async Task TextsHaveTheModelsOwnVectorsInEveryForm()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        using ModelLease lease = await server.Models.LeaseAsync("demo", Token);
        EmbeddingMatrix expected = lease.Model.EncodeText(["a cat", "a red circle"], cancellationToken: Token);
        const string Body = """{"texts":["a cat","a red circle"]}""";

        JsonElement json = await OkAsync(server.PostAsync("api/embed/text", Body));
        AssertVectors(expected, json.GetProperty("embeddings").EnumerateArray().Select(Floats));
        Assert.Equal(lease.Model.Fingerprint, json.GetProperty("fingerprint").GetString());
        Assert.False(json.GetProperty("normalized").GetBoolean());
        Assert.Equal(9, json.GetProperty("tokens").GetInt32());

        JsonElement base64 = await OkAsync(server.PostAsync("api/embed/text?encoding=base64", Body));
        AssertVectors(expected, base64.GetProperty("embeddings").EnumerateArray().Select(vector => MemoryMarshal.Cast<byte, float>(vector.GetBytesFromBase64()).ToArray()));

        NpyArray npy = NpyFile.Parse(await BytesAsync(server, "api/embed/text", Json(Body), "application/x-npy"));
        Assert.Equal([2, lease.Model.EmbeddingDimension], npy.Shape);
        AssertVectors(expected, npy.As<float>().ToArray().Chunk(expected.Dimension));

        byte[] raw = await BytesAsync(server, "api/embed/text", Json(Body), "application/octet-stream");
        AssertVectors(expected, MemoryMarshal.Cast<byte, float>(raw).ToArray().Chunk(expected.Dimension));

        JsonElement normalized = await OkAsync(server.PostAsync("api/embed/text", """{"text":"a cat","normalize":true}"""));
        AssertVectors(lease.Model.EncodeText(["a cat"], cancellationToken: Token).Normalize(), normalized.GetProperty("embeddings").EnumerateArray().Select(Floats));
    }

    [Fact]
    public async Task PicturesHaveTheSameVectorsHoweverTheyAreSent()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        await server.UploadAsync("a b/cat ö.jpg", Cat, tag: false);
        using ModelLease lease = await server.Models.LeaseAsync("demo", Token);
        EmbeddingMatrix expected = lease.Model.EncodeImage([Cat], Token);
        string base64 = Convert.ToBase64String(Cat);
        string blob = $"{server.UploadsContainer}/a b/cat ö.jpg";

        (string Path, HttpContent Content)[] requests =
        [
            ("api/embed/image", Picture(Cat)),
            ("api/embed/image", Picture(Cat, "application/octet-stream")),
            ("api/embed/image", Form([("cat.jpg", Cat)])),
            ("api/embed/image", Json($$"""{"images":["{{base64}}"]}""")),
            ("api/embed/image", Json($$"""{"images":["data:image/jpeg;base64,{{base64}}"]}""")),
            ("api/embed/image", Json($$"""{"images":[{"base64":"{{base64.Replace("/", "\\/", StringComparison.Ordinal)}}","name":"x"}]}""")),
            ("api/embed/image", Json($$$"""{"image":{"base64":"{{{base64}}}"}}""")),
            ("api/embed/image", Json($$"""{"base64":"{{base64}}"}""")),
            ("api/embed/image", Json($$"""{"blob":"{{blob}}"}""")),
            ("api/embed/image", Json($$"""{"images":[{"blob":"{{blob}}"}]}""")),
            ("api/embed/image?blob=" + Uri.EscapeDataString(blob), new ByteArrayContent([])),
        ];
        foreach ((string path, HttpContent content) in requests)
        {
            JsonElement reply = await OkAsync(server.PostAsync(path, content));
            AssertVectors(expected, reply.GetProperty("embeddings").EnumerateArray().Select(Floats));
            Assert.False(reply.TryGetProperty("errors", out _));
        }
    }

    [Fact]
    public async Task ABadPictureIsToldInItsPlaceAndTheOthersHaveTheirVectors()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        using ModelLease lease = await server.Models.LeaseAsync("demo", Token);
        EmbeddingMatrix expected = lease.Model.EncodeImage([Cat, Pizza], Token);
        (string, byte[])[] pictures = [("cat.jpg", Cat), ("notes.txt", [1, 2, 3]), ("pizza.png", Pizza), ("half.jpg", Cat[..(Cat.Length / 2)])];

        JsonElement reply = await OkAsync(server.PostAsync("api/embed/image", Form(pictures)));

        JsonElement[] vectors = [.. reply.GetProperty("embeddings").EnumerateArray()];
        AssertVectors(expected, [Floats(vectors[0]), Floats(vectors[2])]);
        Assert.Equal(JsonValueKind.Null, vectors[1].ValueKind);
        Assert.Equal(JsonValueKind.Null, vectors[3].ValueKind);
        Assert.Equal(
            [(1, "notes.txt", "UnsupportedFormat"), (3, "half.jpg", "Truncated")],
            reply.GetProperty("errors").EnumerateArray().Select(error => (error.GetProperty("index").GetInt32(), error.GetProperty("name").GetString()!, error.GetProperty("code").GetString()!)));

        // A matrix has no place for a missing row.
        using HttpRequestMessage request = new(HttpMethod.Post, "api/embed/image") { Content = Form(pictures) };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-npy"));
        JsonElement problem = await ProblemAsync(server.Client.SendAsync(request, Token), HttpStatusCode.BadRequest, "UnusablePictures");
        Assert.Equal(2, problem.GetProperty("errors").GetArrayLength());
    }

    [Fact]
    public async Task APictureThatIsAloneAndBadIsAProblem()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        await ProblemAsync(server.PostAsync("api/embed/image", Picture([1, 2, 3])), HttpStatusCode.BadRequest, "UnsupportedFormat");
        await ProblemAsync(server.PostAsync("api/embed/image", Picture([])), HttpStatusCode.BadRequest, "Empty");
        await ProblemAsync(server.PostAsync("api/embed/image", Picture(Cat[..500])), HttpStatusCode.BadRequest, "Truncated");
        await ProblemAsync(server.PostAsync("api/embed/image", $$"""{"blob":"{{server.UploadsContainer}}/absent.jpg"}"""), HttpStatusCode.NotFound, "BlobNotFound");
        await ProblemAsync(server.PostAsync("api/embed/image", """{"blob":"models/demo/clip.json"}"""), HttpStatusCode.BadRequest, "InvalidBlob");
        await ProblemAsync(server.PostAsync("api/embed/image", $$"""{"blob":"{{server.UploadsContainer}}/../x"}"""), HttpStatusCode.BadRequest, "InvalidBlob");
    }

    [Fact]
    public async Task ClassifiesPicturesByLabelsOrASet()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        string base64 = Convert.ToBase64String(Cat);

        JsonElement own = await OkAsync(server.PostAsync("api/classify", Form([("cat.jpg", Cat), ("pizza.png", Pizza)], ("labels", "cat"), ("labels", "pizza"), ("templates", "a picture of a {}"), ("templates", "{}"))));
        Assert.Equal("softmax", own.GetProperty("scoring").GetString());
        Assert.Equal("request", own.GetProperty("labelSet").GetProperty("name").GetString());
        Assert.Equal(["cat", "pizza"], own.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("labels")[0].GetProperty("label").GetString()!));
        Assert.Equal(1, own.GetProperty("results")[0].GetProperty("labels").EnumerateArray().Sum(label => label.GetProperty("probability").GetSingle()), 1e-5f);
        Assert.Equal("pizza.png", own.GetProperty("results")[1].GetProperty("name").GetString());

        JsonElement json = await OkAsync(server.PostAsync("api/classify", $$"""{"image":"{{base64}}","labels":["cat","pizza"],"topK":1}"""));
        Assert.Equal(1, json.GetProperty("results")[0].GetProperty("labels").GetArrayLength());

        JsonElement query = await OkAsync(server.PostAsync("api/classify?labels=dog&labels=cat&topK=1", Picture(Cat)));
        Assert.Equal(("cat", 1), (query.GetProperty("results")[0].GetProperty("labels")[0].GetProperty("label").GetString(), query.GetProperty("results")[0].GetProperty("labels")[0].GetProperty("index").GetInt32()));

        JsonElement set = await OkAsync(server.PostAsync("api/classify?labelSet=DEMO", Picture(Cat)));
        JsonElement byDefault = await OkAsync(server.PostAsync("api/classify", Picture(Cat)));
        Assert.Equal("demo", set.GetProperty("labelSet").GetProperty("name").GetString());
        Assert.Equal(set.ToString(), byDefault.ToString());
        Assert.Equal(5, set.GetProperty("results")[0].GetProperty("labels").GetArrayLength());

        JsonElement sets = await OkAsync(server.GetAsync("api/labelsets"));
        Assert.Equal("demo", sets.GetProperty("default").GetString());
        Assert.Contains("cat", sets.GetProperty("labelSets")[0].GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
    }

    [Fact]
    public async Task ComparesPicturesAndTextsAsTheReferenceDoes()
    {
        await using TestHttpServer server = await StartAsync(azurite);
        using ModelLease lease = await server.Models.LeaseAsync("demo", Token);
        ClipOutput expected = lease.Model.Forward([Cat, Pizza], ["a diagram", "a dog", "a cat"], Token);

        JsonElement reply = await OkAsync(server.PostAsync("api/similarity", Form([("cat.jpg", Cat), ("pizza.png", Pizza)], ("texts", """["a diagram","a dog","a cat"]"""))));

        AssertRows(expected.LogitsPerImage, reply.GetProperty("logits_per_image"));
        AssertRows(expected.LogitsPerText, reply.GetProperty("logits_per_text"));
        AssertRows(expected.LogitsPerImage.Softmax(), reply.GetProperty("probs"));
        Assert.Equal(lease.Model.LogitScale, reply.GetProperty("logitScale").GetSingle());

        JsonElement problem = await ProblemAsync(server.PostAsync("api/similarity", Form([("cat.jpg", Cat), ("x", [9])], ("texts", "a"))), HttpStatusCode.BadRequest, "UnsupportedFormat");
        Assert.Equal(1, problem.GetProperty("errors")[0].GetProperty("index").GetInt32());
    }

    [Fact]
    public async Task ListsModelsAndRefusesThoseThatWouldHaveToBeFetched()
    {
        await using TestHttpServer server = await StartAsync(azurite);

        JsonElement reply = await OkAsync(server.GetAsync("api/models"));
        JsonElement demo = reply.GetProperty("models").EnumerateArray().First(model => model.GetProperty("id").GetString() == "demo");
        Assert.True(demo.GetProperty("loaded").GetBoolean());
        Assert.True(demo.GetProperty("available").GetBoolean());
        Assert.Equal("cpu", demo.GetProperty("device").GetString());
        Assert.Equal(256, demo.GetProperty("dimension").GetInt32());
        Assert.False(reply.GetProperty("models").EnumerateArray().First(model => model.GetProperty("id").GetString() == "ViT-B/32").GetProperty("available").GetBoolean());

        await OkAsync(server.PostAsync("api/embed/text", """{"text":"a","model":"demo:fp32"}"""));
        JsonElement problem = await ProblemAsync(server.PostAsync("api/embed/text", """{"text":"a","model":"vit-b-32"}"""), HttpStatusCode.NotFound, "ModelNotFound");
        Assert.Contains("clip pull ViT-B/32", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        JsonElement typo = await ProblemAsync(server.PostAsync("api/embed/text", """{"text":"a","model":"ViT-B-23"}"""), HttpStatusCode.NotFound, "ModelNotFound");
        Assert.Contains("ViT-B/32", typo.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await ProblemAsync(server.PostAsync("api/embed/text", """{"text":"a","model":"../../etc/passwd:x"}"""), HttpStatusCode.BadRequest, "InvalidModel");
        await ProblemAsync(server.PostAsync("api/embed/text", """{"text":"a","model":".."}"""), HttpStatusCode.NotFound, "ModelNotFound");
        JsonElement tooLong = await ProblemAsync(server.PostAsync("api/embed/text", $$"""{"text":"a","model":"{{new string('a', 100_000)}}"}"""), HttpStatusCode.BadRequest, "InvalidModel");
        Assert.InRange(tooLong.GetProperty("detail").GetString()!.Length, 1, 300);
    }

    private static async Task<byte[]> BytesAsync(TestHttpServer server, string path, HttpContent content, string accept)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = content };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        using HttpResponseMessage response = await server.Client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(accept, response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadAsByteArrayAsync(Token);
    }

    private static float[] Floats(JsonElement vector) => [.. vector.EnumerateArray().Select(number => number.GetSingle())];

    private static void AssertVectors(EmbeddingMatrix expected, IEnumerable<float[]> actual)
    {
        float[][] rows = [.. actual];
        Assert.Equal(expected.Count, rows.Length);
        for (int row = 0; row < rows.Length; row++)
        {
            for (int i = 0; i < expected.Dimension; i++)
            {
                // Batches of other sizes add in another order; the demo model's vectors are some hundred long.
                Assert.True(Math.Abs(expected[row][i] - rows[row][i]) <= 1e-3f, string.Create(CultureInfo.InvariantCulture, $"[{row}, {i}]: {expected[row][i]} and {rows[row][i]}"));
            }
        }
    }

    private static void AssertRows(LogitMatrix expected, JsonElement actual)
    {
        JsonElement[] rows = [.. actual.EnumerateArray()];
        Assert.Equal(expected.Rows, rows.Length);
        for (int row = 0; row < rows.Length; row++)
        {
            float[] values = Floats(rows[row]);
            Assert.Equal(expected.Columns, values.Length);
            for (int column = 0; column < values.Length; column++)
            {
                Assert.Equal(expected[row, column], values[column], 1e-3f);
            }
        }
    }
}
