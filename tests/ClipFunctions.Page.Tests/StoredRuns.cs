using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using ClipFunctions.Evaluation;
using ClipFunctions.Pipeline.Evaluations;

namespace ClipFunctions.Page.Tests;

/// <summary>Runs of evaluations as the pipeline leaves them in storage, written by hand in any state.</summary>
public sealed class StoredRuns(BlobContainerClient container)
{
    /// <summary>A report as the pipeline writes it: styles, drawings and pictures inside; a script, which must not run.</summary>
    public const string Report = """
        <!doctype html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <title>Report</title>
          <style>:root { color-scheme: light dark; } body { background: light-dark(#fff, #000); } h1 { color: rgb(1, 2, 3); } main { block-size: 1500px; }</style>
        </head>
        <body>
          <main>
            <h1>pets with demo</h1>
            <p id="bar" style="inline-size: 123px">87.3 %</p>
            <svg width="40" height="40"><rect width="40" height="40" fill="teal"/></svg>
            <img alt="" src="data:image/gif;base64,R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs=">
          </main>
          <script>document.querySelector('h1').textContent = 'a script ran';</script>
        </body>
        </html>
        """;

    /// <summary>A linear probe on a data set, asked for just now or a few seconds ago.</summary>
    public static EvaluationStatus Run(string dataset, EvaluationState state, int secondsAgo = 0) => new()
    {
        RunId = $"{DateTimeOffset.UtcNow:yyyyMMdd-HHmmss}-{Guid.NewGuid():n}"[..22],
        State = state,
        Request = new EvaluationRequest { Dataset = dataset, Model = "demo", Kind = EvaluationKind.LinearProbe },
        Created = DateTimeOffset.UtcNow.AddSeconds(-secondsAgo),
        Updated = DateTimeOffset.UtcNow.AddSeconds(200 - secondsAgo),
    };

    /// <summary>Writes a run, in place of what stands there.</summary>
    public async Task<EvaluationStatus> PutAsync(EvaluationStatus status)
    {
        await container.CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        if (status.State == EvaluationState.Done)
        {
            await PutAsync(status, "report.html", Report);
            await PutAsync(status, "report.json", """{"schema":1}""");
            await PutAsync(status, "classifier.npz", "numbers");
        }

        await PutAsync(status, "status.json", JsonSerializer.Serialize(status, JsonSerializerOptions.Web));
        return status;
    }

    /// <summary>Removes one of a run's files.</summary>
    public Task RemoveAsync(EvaluationStatus status, string file) =>
        container.GetBlobClient($"{status.RunId}/{file}").DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);

    private async Task PutAsync(EvaluationStatus status, string file, string content) =>
        await container.GetBlobClient($"{status.RunId}/{file}").UploadAsync(new BinaryData(Encoding.UTF8.GetBytes(content)), overwrite: true, TestContext.Current.CancellationToken);
}
