using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Http.Operations;
using ClipFunctions.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace ClipFunctions.LocalHost.Tests.Http;

[Collection(SampleHostTests.Name)]
public sealed partial class OpenApiTests(SampleHost host)
{
    private static readonly ApiDocument Document = ApiDocument.Written;

    // The page's and the reference page's files are no part of what is asked for.
    private static readonly string[] Files = ["Page", "PageFile", "ReferenceFile"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Examples => new(
        from operation in Document.Operations from call in Document.Calls(operation) select (operation.Id, call.ContentType ?? "", call.Name));

    public static TheoryData<string, string> OtherForms => new(
        from operation in Document.Operations
        where operation.Id.StartsWith("Embed", StringComparison.Ordinal)
        from content in Document.Answer(operation, Status(operation))!["content"]!.AsObject()
        select (operation.Id, content.Key));

    private static int Status(ApiOperation operation) => int.Parse(ApiDocument.Success(operation), CultureInfo.InvariantCulture);

    [Fact]
    public void IsAValidDocument()
    {
        ReadResult read = OpenApiDocument.Parse(File.ReadAllText(ApiDocument.FilePath), OpenApiConstants.Json);

        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic!.SpecificationVersion);
        Assert.Empty(read.Diagnostic.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Assert.Empty(read.Document!.Validate(ValidationRuleSet.GetDefaultRuleSet()));
    }

    [Fact]
    public void HasAllOperationsAndNoOthers()
    {
        IEnumerable<string> offered = ClipOperations.All
            .Where(operation => !Files.Contains(operation.Name))
            .Select(operation => $"{operation.Name}: {operation.Method} /{operation.Route.Replace("{*", "{", StringComparison.Ordinal)}");

        Assert.Equal(offered.Order(), Document.Operations.Select(operation => $"{operation.Id}: {operation.Method} {operation.Path}").Order());
    }

    [Fact]
    public void AsksForAKeyWhereTheServerDoes()
    {
        Assert.All(Document.Operations, operation =>
            Assert.Equal(ClipOperations.Find(operation.Id).Access == OperationAccess.Public, operation.Node["security"] is JsonArray { Count: 0 }));
    }

    [Fact]
    public void HasAnAnswerToEachJsonRequestExample()
    {
        foreach (ApiOperation operation in Document.Operations.Where(operation => Document.Answer(operation, Status(operation))!["content"]!["application/json"] is not null && operation.Id != "OpenApi"))
        {
            Assert.Equal(
                Document.Calls(operation).Select(call => call.Name).Order(),
                Document.AnswerExamples(operation, ApiDocument.Success(operation)).Select(example => example.Name).Order());
        }
    }

    [Fact]
    public void ItsExamplesFollowItsSchemas()
    {
        foreach (ApiOperation operation in Document.Operations)
        {
            foreach ((string name, string status, string contentType, JsonNode value) in Document.AnswerExamples(operation))
            {
                Assert.Null(Document.FaultOf(operation, int.Parse(status, CultureInfo.InvariantCulture), contentType, Element(value)) is { } fault ? $"{operation.Id} {status} {name}: {fault}" : null);
            }

            foreach (ApiCall call in Document.Calls(operation).Where(call => call.Body is not null))
            {
                Assert.Null(Document.FaultOf(call, Element(call.Body!)) is { } fault ? $"{operation.Id} {call.Name}: {fault}" : null);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task TheServerAnswersTheExamplesAsTheDocumentSays(string id, string contentType, string name)
    {
        ApiOperation operation = Document.Find(id);
        ApiCall call = Document.Calls(operation).Single(call => call.Name == name && (call.ContentType ?? "") == contentType);
        using HttpRequestMessage request = call.ToRequest();

        using HttpResponseMessage response = await host.Http.SendAsync(request, Token);

        string answer = await response.Content.ReadAsStringAsync(Token);
        Assert.True((int)response.StatusCode == Status(operation), $"{(int)response.StatusCode} {answer}");
        await CheckAsync(operation, response);
    }

    [Theory]
    [MemberData(nameof(OtherForms))]
    public async Task TheServerSendsVectorsInTheFormThatIsAccepted(string id, string form)
    {
        ApiOperation operation = Document.Find(id);
        using HttpRequestMessage request = Document.Calls(operation).First().ToRequest(form);

        using HttpResponseMessage response = await host.Http.SendAsync(request, Token);

        Assert.Equal(form, response.Content.Headers.ContentType!.MediaType);
        await CheckAsync(operation, response);
    }

    [Theory]
    [InlineData("Tokenize", 400, "InvalidJson", "{\"text\": 5}")]
    [InlineData("Tokenize", 400, "InvalidJson", "{\"txt\": \"a\"}")]
    [InlineData("Tokenize", 400, "InvalidJson", "{")]
    [InlineData("Tokenize", 400, "NoTexts", "{\"texts\": []}")]
    [InlineData("Tokenize", 400, "InvalidField", "{\"text\": \"a\", \"contextLength\": 1}")]
    [InlineData("Tokenize", 400, "TextTooLong", "{\"text\": \"one two three four\", \"contextLength\": 4}")]
    [InlineData("Tokenize", 400, "UnknownField", "{\"text\": \"a\"}", "?colour=red")]
    [InlineData("Tokenize", 400, "InvalidModel", "{\"text\": \"a\", \"model\": \"demo:fp3\"}")]
    [InlineData("EmbedText", 404, "ModelNotFound", "{\"text\": \"a\", \"model\": \"ViT-B/33\"}")]
    [InlineData("EmbedText", 404, "ModelNotFound", "{\"text\": \"a\", \"model\": \"ViT-L/14\"}")]
    [InlineData("EmbedText", 400, "InvalidField", "{\"text\": \"a\", \"encoding\": \"hex\"}")]
    [InlineData("EmbedText", 415, "UnsupportedMediaType", "a cat", "", "text/plain")]
    [InlineData("EmbedText", 406, "NotAcceptable", "{\"text\": \"a\"}", "", "application/json", "text/html")]
    [InlineData("EmbedImage", 400, "NoPictures", "{}")]
    [InlineData("EmbedImage", 400, "UrlNotFetched", "{\"image\": \"https://example.org/cat.jpg\"}")]
    [InlineData("EmbedImage", 404, "BlobNotFound", "{\"blob\": \"uploads/nowhere.jpg\"}")]
    [InlineData("EmbedImage", 400, "InvalidBlob", "{\"blob\": \"secrets/cat.jpg\"}")]
    [InlineData("EmbedImage", 400, "UnsupportedFormat", "no picture", "", "application/octet-stream")]
    [InlineData("EmbedImage", 400, "Empty", "", "", "image/png")]
    [InlineData("EmbedImage", 400, "UnusablePictures", "{\"images\": [\"AAAA\", \"AAAA\"]}")]
    [InlineData("EmbedImage", 400, "InvalidForm", "nothing", "", "multipart/form-data; boundary=x")]
    [InlineData("Classify", 400, "InvalidField", "{\"blob\": \"uploads/cat.jpg\", \"topK\": 0}")]
    [InlineData("Classify", 400, "InvalidLabels", "{\"blob\": \"uploads/cat.jpg\", \"labels\": [\"cat\"], \"templates\": [\"a cat\"]}")]
    [InlineData("Classify", 404, "LabelSetNotFound", "{\"blob\": \"uploads/cat.jpg\", \"labelSet\": \"none\"}")]
    [InlineData("Similarity", 400, "NoTexts", "{\"blob\": \"uploads/cat.jpg\"}")]
    [InlineData("Search", 400, "InvalidField", null)]
    [InlineData("Search", 400, "InvalidField", null, "?text=a&top=0")]
    [InlineData("Search", 404, "NotFound", null, "?like=nowhere.jpg")]
    [InlineData("GetUpload", 400, "InvalidField", null, "?thumbnail=8")]
    [InlineData("VectorizeImage", 400, "UrlNotFetched", "{\"url\": \"https://example.org/cat.jpg\"}")]
    [InlineData("VectorizeText", 400, "NoTexts", "{}")]
    [InlineData("OpenAIEmbeddings", 400, "InvalidField", "{\"input\": [1, 2]}")]
    [InlineData("OpenAIEmbeddings", 400, "InvalidField", "{\"input\": \"a\", \"dimensions\": 5}")]
    [InlineData("OpenAIEmbeddings", 404, "ModelNotFound", "{\"input\": \"a\", \"model\": \"none\"}")]
    [InlineData("SkillEmbed", 400, "InvalidField", "{}")]
    [InlineData("SkillClassify", 400, "UnknownField", "{\"values\": []}", "?colour=red")]
    public async Task TheServerTellsProblemsAsTheDocumentSays(string id, int status, string code, string? body, string query = "", string contentType = "application/json", string? accept = null)
    {
        ApiOperation operation = Document.Find(id);
        string path = operation.Path.TrimStart('/').Replace("{path}", "cat.jpg", StringComparison.Ordinal);
        using HttpRequestMessage request = new(new HttpMethod(operation.Method), new Uri(path + query, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };
        }

        if (accept is not null)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        }

        using HttpResponseMessage response = await host.Http.SendAsync(request, Token);

        Assert.Equal(status, (int)response.StatusCode);
        await CheckAsync(operation, response);
        Assert.Equal(code, await CodeAsync(response));
        Assert.Contains(code, Document.Codes(operation, status));
    }

    [Theory]
    [InlineData("GET", "api/nowhere", 404, "NotFound")]
    [InlineData("DELETE", "api/models", 405, "MethodNotAllowed")]
    public async Task TheServerTellsThatThereIsNothingAsTheDocumentSays(string method, string path, int status, string code)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri(path, UriKind.Relative));

        using HttpResponseMessage response = await host.Http.SendAsync(request, Token);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Null(Document.FaultOf("Problem", await JsonAsync(response)));
        Assert.Contains($"`{code}`", (string)Document.Info["description"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void TellsOfEveryCodeThatTheServerKnows()
    {
        string sources = Path.Combine(RepositoryPaths.Root, "src");
        HashSet<string> known = [];
        foreach (string file in Directory.EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories).Where(file => file.Contains("/Http/", StringComparison.Ordinal) || file.Contains("/Imaging/", StringComparison.Ordinal) || file.Contains("/Hosting/", StringComparison.Ordinal)))
        {
            known.UnionWith(ToldCode().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value));
        }

        Assert.Contains("TextTooLong", known);
        Assert.Contains("TooManyPixels", known);
        Assert.Contains("NoPictures", known);
        Assert.Contains("KeyNotSet", known);
        Assert.Empty(known.Except(Document.AllCodes()));
    }

    [Fact]
    public async Task IsServedWithAddressVersionAndTag()
    {
        using HttpResponseMessage response = await host.Http.GetAsync(new Uri("api/openapi.json", UriKind.Relative), Token);
        JsonNode served = JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!;
        using HttpRequestMessage again = new(HttpMethod.Get, new Uri("api/openapi.json", UriKind.Relative)) { Headers = { IfNoneMatch = { response.Headers.ETag! } } };
        using HttpResponseMessage same = await host.Http.SendAsync(again, Token);

        Assert.Equal("/", (string?)served["servers"]![0]!["url"]);
        Assert.Equal(typeof(ClipOperations).Assembly.GetName().Version!.ToString(3), (string?)served["info"]!["version"]);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        JsonNode written = JsonNode.Parse(await File.ReadAllTextAsync(ApiDocument.FilePath, Token))!;
        written["info"]!["version"] = served["info"]!["version"]!.DeepClone();
        Assert.True(JsonNode.DeepEquals(written, served));
    }

    [Theory]
    [InlineData("", "/api/openapi.json", "/")]
    [InlineData("", "/clip/v2/api/openapi.json", "/clip/v2")]
    [InlineData("/app", "/API/OpenApi.json", "/app")]
    [InlineData("", "/a \"b\"/api/openapi.json/", "/a%20%22b%22")]
    public async Task ItsAddressIsWhatStandsBeforeItsOwn(string pathBase, string path, string expected)
    {
        ServiceCollection services = new();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()).AddLogging().AddClipPipeline();
        await using ServiceProvider provider = services.BuildServiceProvider();
        using MemoryStream body = new();
        DefaultHttpContext context = new() { RequestServices = provider, Request = { Method = "GET", PathBase = pathBase, Path = path }, Response = { Body = body } };

        IResult result = await ClipOperations.Find("OpenApi").Handle(provider, context, Token);
        await result.ExecuteAsync(context);

        Assert.Equal(expected, (string?)JsonNode.Parse(body.ToArray())!["servers"]![0]!["url"]);
    }

    private static async Task CheckAsync(ApiOperation operation, HttpResponseMessage response)
    {
        int status = (int)response.StatusCode;
        string contentType = response.Content.Headers.ContentType!.MediaType!;
        JsonNode? documented = Document.Answer(operation, status)?["content"]?[contentType];
        Assert.True(documented is not null, $"{operation.Id} answers {status} as {contentType}, which the document does not know.");
        if (contentType.EndsWith("json", StringComparison.Ordinal))
        {
            Assert.Null(Document.FaultOf(operation, status, contentType, await JsonAsync(response)));
        }
        else
        {
            Assert.NotEmpty(await response.Content.ReadAsByteArrayAsync(Token));
        }
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage response) => (await JsonAsync(response)).GetProperty("code").GetString();

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        using JsonDocument json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token));
        return json.RootElement.Clone();
    }

    private static JsonElement Element(JsonNode node) => JsonSerializer.SerializeToElement(node);

    [GeneratedRegex("""(?:BadRequest|OverLimit|Invalid|RequestProblemException|ImageException|PictureError|new|Forbidden)\(\s*(?:[\w\s.,\[\]]*?,\s*)?"([A-Z][A-Za-z]+)",""")]
    private static partial Regex ToldCode();
}
