using System.ClientModel;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ClipFunctions.Testing;
using OpenAI;
using OpenAI.Embeddings;

namespace ClipFunctions.LocalHost.Tests.Http;

/// <summary>Clients of other services, with nothing changed but the address.</summary>
[Collection(SampleHostTests.Name)]
public sealed class ForeignClientTests(SampleHost host)
{
    private const string AnyKey = "any";
    private const string VisionVersions = "api-version=2024-02-01&model-version=2023-04-15";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheOpenAISdkGetsTheEmbeddingOfAText()
    {
        OpenAIEmbedding embedding = await Client("demo").GenerateEmbeddingAsync("a photo of a cat.", cancellationToken: Token);

        Equal((await EmbedAsync("a photo of a cat."))[0], embedding.ToFloats().ToArray());
    }

    [Fact]
    public async Task TheOpenAISdkGetsTheEmbeddingsOfSeveralTexts()
    {
        string[] texts = ["a cat", "a dog, running", "crème brûlée"];

        OpenAIEmbeddingCollection embeddings = await Client("text-embedding-3-small").GenerateEmbeddingsAsync(texts, cancellationToken: Token);

        float[][] expected = await EmbedAsync(texts);
        Assert.Equal("demo", embeddings.Model);
        Assert.Equal(texts.Length, embeddings.Count);
        Assert.All(embeddings, embedding => Equal(expected[embedding.Index], embedding.ToFloats().ToArray()));
        Assert.Equal(embeddings.Usage.InputTokenCount, embeddings.Usage.TotalTokenCount);
        Assert.InRange(embeddings.Usage.TotalTokenCount, 12, 48);
    }

    [Fact]
    public async Task TheOpenAISdkGetsTheEmbeddingOfAPictureAsADataUri()
    {
        byte[] picture = await File.ReadAllBytesAsync(Path.Combine(RepositoryPaths.Samples, "cat.jpg"), Token);

        OpenAIEmbedding embedding = await Client("demo").GenerateEmbeddingAsync($"data:image/jpeg;base64,{Convert.ToBase64String(picture)}", cancellationToken: Token);

        using HttpResponseMessage response = await host.Http.PostAsJsonAsync("api/embed/image", new { image = Convert.ToBase64String(picture), normalize = true }, Token);
        Equal((await VectorsAsync(response))[0], embedding.ToFloats().ToArray());
    }

    [Fact]
    public async Task TheOpenAISdkTellsOurMessageAboutAModelThatIsNotThere()
    {
        ClientResultException exception = await Assert.ThrowsAsync<ClientResultException>(() => Client("text-embedding-4").GenerateEmbeddingAsync("a cat", cancellationToken: Token));

        Assert.Equal(404, exception.Status);
        Assert.Contains("There is no model 'text-embedding-4' here; GET api/models lists those that are.", exception.Message, StringComparison.Ordinal);
        Assert.Contains("ModelNotFound", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AzureAIVisionsRequestForAPictureGetsItsVector()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri($"computervision/retrieval:vectorizeImage?{VisionVersions}", UriKind.Relative))
        {
            Content = new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(RepositoryPaths.Samples, "cat.jpg"), Token)) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } },
            Headers = { { "Ocp-Apim-Subscription-Key", AnyKey } },
        };

        using HttpResponseMessage response = await host.Http.SendAsync(request, Token);

        using HttpResponseMessage ours = await host.Http.PostAsJsonAsync("api/embed/image", new { blob = "uploads/cat.jpg", normalize = true }, Token);
        Equal((await VectorsAsync(ours))[0], await VisionVectorAsync(response));
    }

    [Fact]
    public async Task AzureAIVisionsRequestForATextGetsItsVector()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri($"computervision/retrieval:vectorizeText?{VisionVersions}", UriKind.Relative))
        {
            Content = JsonContent.Create(new { text = "a cat" }),
            Headers = { { "Ocp-Apim-Subscription-Key", AnyKey } },
        };

        using HttpResponseMessage response = await host.Http.SendAsync(request, Token);

        Equal((await EmbedAsync("a cat"))[0], await VisionVectorAsync(response));
    }

    [Fact]
    public async Task AzureAIVisionsErrorHasItsForm()
    {
        using HttpResponseMessage response = await host.Http.PostAsJsonAsync($"computervision/retrieval:vectorizeImage?{VisionVersions}", new { url = "https://example.org/cat.jpg" }, Token);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        JsonElement error = (await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("error");
        Assert.Equal("UrlNotFetched", error.GetProperty("code").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    private EmbeddingClient Client(string model) =>
        new(model, new ApiKeyCredential(AnyKey), new OpenAIClientOptions { Endpoint = new Uri(host.Http.BaseAddress!, "v1") });

    private async Task<float[][]> EmbedAsync(params string[] texts)
    {
        using HttpResponseMessage response = await host.Http.PostAsJsonAsync("api/embed/text", new { texts, normalize = true }, Token);
        return await VectorsAsync(response);
    }

    private static async Task<float[][]> VectorsAsync(HttpResponseMessage response)
    {
        response.EnsureSuccessStatusCode();
        JsonElement reply = await response.Content.ReadFromJsonAsync<JsonElement>(Token);
        return reply.GetProperty("embeddings").Deserialize<float[][]>()!;
    }

    private static async Task<float[]> VisionVectorAsync(HttpResponseMessage response)
    {
        response.EnsureSuccessStatusCode();
        JsonElement reply = await response.Content.ReadFromJsonAsync<JsonElement>(Token);
        Assert.Equal(["modelVersion", "vector"], reply.EnumerateObject().Select(property => property.Name).Order());
        Assert.Matches("^demo@[0-9a-f]{8}$", reply.GetProperty("modelVersion").GetString()!);
        return reply.GetProperty("vector").Deserialize<float[]>()!;
    }

    // How a batch is put together changes the last bits.
    private static void Equal(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-5f);
        }

        Assert.Equal(1, actual.Sum(value => (double)value * value), 1e-5);
    }
}
