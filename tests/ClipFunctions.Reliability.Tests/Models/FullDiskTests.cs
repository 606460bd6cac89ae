using System.Net;
using System.Net.Http.Json;
using ClipFunctions.ModelCaching.Tests.Downloads;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Models;

public sealed class FullDiskTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AFullModelCacheHindersNoUploadAndTheModelIsThereWhenThereIsRoom()
    {
        using SmallDisk disk = SmallDisk.Mount(2 << 20);
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        await storage.Models.CreateIfNotExistsAsync(cancellationToken: Token);
        using FaultyBundle bundle = new();
        bundle.Repair();
        foreach (string file in Directory.GetFiles(Path.Combine(bundle.Root, FaultyBundle.Id)))
        {
            await storage.Models.GetBlobClient($"{FaultyBundle.Id}/{Path.GetFileName(file)}").UploadAsync(file, Token);
        }

        await using LocalHostProcess host = await LocalHostProcess.StartAsync([.. storage.Arguments(), $"--Clip:CacheDirectory={disk.Path}"]);
        using HttpClient http = new() { BaseAddress = host.Address };
        async Task<HttpResponseMessage> AskAsync() =>
            await http.PostAsJsonAsync("api/embed/text", new { texts = new[] { "a cat" }, model = FaultyBundle.Id }, Token);

        Task uploading = Task.WhenAll(Enumerable.Range(0, 20).Select(i => storage.UploadAsync($"{i}.jpg", i, Token)));
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage refused = await AskAsync();
            string problem = await refused.Content.ReadAsStringAsync(Token);
            Assert.True((int)refused.StatusCode >= 500, $"{refused.StatusCode}: {problem}");
            Assert.DoesNotContain(disk.Path, problem, StringComparison.Ordinal);
        }

        await uploading;
        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, null, 60, Token);
        Assert.True(verdict.IsPerfect, $"{verdict}\n{host.Output}");
        Assert.Equal(HttpStatusCode.OK, await host.GetAsync("api/health/ready"));
        Assert.Contains("disk", host.Output, StringComparison.OrdinalIgnoreCase);

        disk.Resize(64 << 20);
        using HttpResponseMessage answer = await AskAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Token)}\n{host.Output}");
    }
}
