using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.Pipeline.Tests.Http;

/// <summary>The operations behind a real Kestrel on a free port, with containers of their own on Azurite.</summary>
internal sealed class TestHttpServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestHttpServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public static string Samples { get; } = Path.Combine(RepositoryPaths.Root, "samples");

    public Uri Address { get; }

    public HttpClient Client { get; }

    public ModelCache Models => _app.Services.GetRequiredService<ModelCache>();

    public string UploadsContainer => _app.Services.GetRequiredService<StorageLayout>().Uploads;

    private BlobContainerClient Uploads => _app.Services.GetRequiredService<StorageConnection>().Blobs.GetBlobContainerClient(UploadsContainer);

    public static async Task<TestHttpServer> StartAsync(AzuriteServer azurite, params (string Key, string Value)[] settings)
    {
        string id = $"t{Guid.NewGuid():n}";
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            [ClipPipelineServices.StorageSetting] = azurite.ConnectionString,
            ["Storage:Uploads"] = id + "-u",
            ["Storage:Results"] = id + "-r",
            ["Storage:Embeddings"] = id + "-e",
            ["Storage:Models"] = id + "-m",
            ["Storage:Datasets"] = id + "-d",
            ["Storage:Evaluations"] = id + "-v",
            ["Storage:EvaluationQueue"] = id + "-qv",
            ["Storage:ShardQueue"] = id + "-qs",
            ["Storage:FitQueue"] = id + "-qf",
            ["Clip:Search:MinRefreshInterval"] = "00:00:00.05",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null).UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting().AddLogging(logging => logging.SetMinimumLevel(LogLevel.None)).AddClipPipeline();
        WebApplication app = builder.Build();
        app.MapClip("");
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            StorageLayout layout = app.Services.GetRequiredService<StorageLayout>();
            foreach (string container in settings.Any(setting => setting.Key == ClipPipelineServices.StorageSetting) ? [] : layout.Containers)
            {
                await app.Services.GetRequiredService<StorageConnection>().Blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
            }

            return new TestHttpServer(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public static byte[] Sample(string name) => File.ReadAllBytes(Path.Combine(Samples, name));

    public static HttpContent Json(string json) => new StringContent(json, Encoding.UTF8, "application/json");

    public static HttpContent Picture(byte[] bytes, string type = "image/jpeg")
    {
        ByteArrayContent content = new(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    public static MultipartFormDataContent Form(IEnumerable<(string Name, byte[] Bytes)> pictures, params IEnumerable<(string Name, string Value)> fields)
    {
        MultipartFormDataContent form = [];
        foreach ((string name, byte[] bytes) in pictures)
        {
            form.Add(new ByteArrayContent(bytes), "file", name);
        }

        foreach ((string name, string value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        return form;
    }

    public Task<HttpResponseMessage> PostAsync(string path, HttpContent content) => Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> PostAsync(string path, string json) => PostAsync(path, Json(json));

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    /// <summary>The JSON of an answer that must be 200.</summary>
    public static async Task<JsonElement> OkAsync(Task<HttpResponseMessage> sending)
    {
        using HttpResponseMessage response = await sending;
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode}: {body}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonElement.Parse(body);
    }

    /// <summary>A problem, checked for its form.</summary>
    public static async Task<JsonElement> ProblemAsync(Task<HttpResponseMessage> sending, HttpStatusCode status, string code)
    {
        using HttpResponseMessage response = await sending;
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode}: {body}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        JsonElement problem = JsonElement.Parse(body);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal("urn:clipfunctions:problem:" + code, problem.GetProperty("type").GetString());
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.DoesNotContain(AppContext.BaseDirectory, body, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
        Assert.DoesNotContain("ClipFunctions.", body, StringComparison.Ordinal);
        return problem;
    }

    public async Task UploadAsync(string name, byte[] content, bool tag = true)
    {
        BlobContentInfo info = await Uploads.GetBlobClient(name).UploadAsync(new BinaryData(content), overwrite: true, TestContext.Current.CancellationToken);
        if (tag)
        {
            await _app.Services.GetRequiredService<UploadTagger>().TagAsync(new UploadEvent(name, info.ETag), TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
