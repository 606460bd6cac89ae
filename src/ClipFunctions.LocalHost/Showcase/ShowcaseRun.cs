using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Spectre.Console;

namespace ClipFunctions.LocalHost.Showcase;

/// <summary>
/// Uploads a folder as any client would, waits until the pipeline has tagged each picture, and prints what it says of them.
/// </summary>
public sealed class ShowcaseRun(
    StorageConnection storage,
    StorageLayout layout,
    ResultStore results,
    IOptions<ShowcaseOptions> options,
    IHostApplicationLifetime lifetime,
    IServer server) : BackgroundService
{
    private const int UploadParallelism = 8;
    private const int MaxRows = 100;
    private const int WidthOfFiles = 180;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(30);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);

        ShowcaseOptions showcase = options.Value;
        bool complete = false;
        try
        {
            complete = await RunAsync(showcase, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or RequestFailedException or AggregateException)
        {
            AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]{exception.Message}[/]");
        }

        if (showcase.Once)
        {
            Environment.ExitCode = complete ? 0 : 1;
            lifetime.StopApplication();
            return;
        }

        string address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "";
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"Serving [bold]{address}/[/] (the page) and {address}/api/reference (HTTP); pictures in the container [bold]{layout.Uploads}[/] get tags. Ctrl-C stops.");
    }

    private static void Print(IReadOnlyCollection<UploadedPicture> pictures)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthOfFiles;
        }

        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("picture");
        table.AddColumn("top labels");
        table.AddColumn(new TableColumn("ms").RightAligned());
        table.AddColumn("tags as stored");
        foreach (UploadedPicture picture in pictures.OrderBy(picture => picture.Name, StringComparer.Ordinal).Take(MaxRows))
        {
            table.AddRow(
                Markup.Escape(picture.Name),
                Markup.Escape(Verdict(picture)),
                picture.Latency is { } latency ? latency.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture) : "-",
                Markup.Escape(string.Join("  ", (picture.Tags ?? new Dictionary<string, string>()).OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"))));
        }

        AnsiConsole.Write(table);
        if (pictures.Count > MaxRows)
        {
            AnsiConsole.WriteLine($"… and {pictures.Count - MaxRows} more: see the container of results.");
        }
    }

    private static string Verdict(UploadedPicture picture) => picture.Result switch
    {
        null => "no result",
        { Failure: { } failure } => $"{failure.Reason}: {failure.Message}",
        { Labels: var labels } => string.Join(", ", labels.Take(3).Select(label => string.Create(CultureInfo.InvariantCulture, $"{label.Label} {label.Probability:P1}"))),
    };

    private async Task<bool> RunAsync(ShowcaseOptions showcase, CancellationToken cancellationToken)
    {
        string folder = Path.GetFullPath(showcase.Folder!);
        string[] files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
        if (files.Length == 0)
        {
            AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]There are no files in {showcase.Folder}.[/]");
            return false;
        }

        BlobContainerClient uploads = storage.Blobs.GetBlobContainerClient(layout.Uploads);
        await uploads.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        AnsiConsole.WriteLine($"Uploading {files.Length} files from {showcase.Folder} …");
        ConcurrentDictionary<string, UploadedPicture> pictures = new(StringComparer.Ordinal);
        Task uploading = Parallel.ForEachAsync(
            files,
            new ParallelOptions { MaxDegreeOfParallelism = UploadParallelism, CancellationToken = cancellationToken },
            async (file, token) =>
            {
                string name = Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/');
                Response<BlobContentInfo> upload = await uploads.GetBlobClient(name).UploadAsync(file, overwrite: true, token);
                pictures[name] = new UploadedPicture(name, upload.Value.ETag, Stopwatch.GetTimestamp());
            });

        await WaitAsync(uploads, pictures, files.Length, uploading, showcase.Patience, cancellationToken);
        await uploading;
        await Parallel.ForEachAsync(
            pictures.Values,
            new ParallelOptions { MaxDegreeOfParallelism = UploadParallelism, CancellationToken = cancellationToken },
            async (picture, token) =>
            {
                UploadResult? result = (await results.ReadAsync(picture.Name, token)).Result;
                picture.Result = result?.Source.ETag == picture.ETag.ToString("G") ? result : null;
            });

        Print([.. pictures.Values]);
        int tagged = pictures.Values.Count(picture => picture.Result?.State == UploadState.Tagged && picture.Latency is not null);
        AnsiConsole.WriteLine($"{tagged} of {files.Length} pictures tagged.");
        return tagged == files.Length;
    }

    /// <summary>Lists the container with its tags until every picture bears the state of its very version.</summary>
    private static async Task WaitAsync(
        BlobContainerClient uploads,
        ConcurrentDictionary<string, UploadedPicture> pictures,
        int count,
        Task uploading,
        TimeSpan patience,
        CancellationToken cancellationToken)
    {
        long lastProgress = Stopwatch.GetTimestamp();
        int done = 0;
        int told = 0;
        while (done < count && Stopwatch.GetElapsedTime(lastProgress) < patience && !uploading.IsFaulted)
        {
            long listed = Stopwatch.GetTimestamp();
            await foreach (BlobItem blob in uploads.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Tags }, cancellationToken))
            {
                if (pictures.TryGetValue(blob.Name, out UploadedPicture? picture)
                    && picture.Latency is null
                    && ListedETag.Of(blob) == picture.ETag
                    && blob.Tags?.ContainsKey(UploadTags.State) == true)
                {
                    picture.Latency = Stopwatch.GetElapsedTime(picture.UploadedAt);
                    picture.Tags = new Dictionary<string, string>(blob.Tags, StringComparer.Ordinal);
                    done++;
                    lastProgress = Stopwatch.GetTimestamp();
                }
            }

            if (done == count || done >= told + Math.Max(1, count / 10))
            {
                AnsiConsole.WriteLine($"  {done} of {count} tagged");
                told = done;
            }

            TimeSpan listing = Stopwatch.GetElapsedTime(listed);
            await Task.Delay(listing > Poll ? listing : Poll, cancellationToken);
        }
    }
}
