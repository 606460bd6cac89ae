using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>
/// Fetches files: goes on where an earlier try (or an earlier process) stopped, checks size and SHA-256, and puts a file in its place
/// only when it is whole. Transient faults are tried again.
/// </summary>
public sealed partial class FileDownloader
{
    private const int BufferSize = 1 << 17;
    private const long ProgressStep = 1 << 20;

    private readonly HubClient _hub;
    private readonly DownloadOptions _options;
    private readonly ILogger<FileDownloader> _logger;
    private readonly RetryLoop _retries;

    /// <summary>Downloads through a hub's client, which may send its token to the hub.</summary>
    /// <param name="hub">The client.</param>
    /// <param name="options">How patient downloads are; the stated defaults if null.</param>
    /// <param name="logger">Told of repeated and resumed downloads.</param>
    public FileDownloader(HubClient hub, DownloadOptions? options = null, ILogger<FileDownloader>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(hub);
        _hub = hub;
        _options = options ?? new DownloadOptions();
        _logger = logger ?? NullLogger<FileDownloader>.Instance;
        _retries = new RetryLoop(_options, _logger);
    }

    /// <summary>Fetches a file into a folder. One that is there already is taken if its SHA-256 is the published one, and fetched again otherwise.</summary>
    /// <param name="request">The file.</param>
    /// <param name="folder">The folder; made if need be. It must be the caller's alone meanwhile: see <see cref="CacheLock"/>.</param>
    /// <param name="progress">Told of bytes that have come; null for nobody.</param>
    /// <param name="cancellationToken">Gives up; what has come stays for the next time.</param>
    /// <exception cref="ModelDownloadException">It cannot be had, or is not the published one.</exception>
    public async Task<DownloadedFile> DownloadAsync(DownloadRequest request, string folder, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (request.Name.Length == 0 || Path.GetFileName(request.Name) != request.Name || request.Name.Trim('.').Length == 0)
        {
            throw new ArgumentException($"'{request.Name}' is no file name.", nameof(request));
        }

        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, request.Name);
        return await FindAsync(request, path, progress, cancellationToken)
            ?? await _retries.RunAsync(request.Address, token => FetchAsync(request, path, progress, token), cancellationToken);
    }

    private static async Task<DownloadedFile?> FindAsync(DownloadRequest request, string path, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        if (request.Sha256 is not { } hash || !File.Exists(path))
        {
            return null;
        }

        progress?.Report(new ModelProgress("verifying", request.Name, 0, request.Size ?? 0));
        return await PartialFile.IsWholeAsync(path, request.Size, hash, cancellationToken)
            ? new DownloadedFile(path, new FileInfo(path).Length, hash.ToLowerInvariant(), null)
            : null;
    }

    private async Task<DownloadedFile> FetchAsync(DownloadRequest request, string path, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        await using PartialFile part = await PartialFile.OpenAsync(path, ModelDownloadException.Shown(request.Address.AbsoluteUri), cancellationToken);
        if (part.Length > 0 && part.Length == request.Size && request.Sha256 is not null)
        {
            // The last byte had come, and only the renaming had not.
            return new DownloadedFile(path, part.Length, part.Complete(request.Size, request.Sha256), null);
        }

        if (part.Length > request.Size)
        {
            part.Restart(null);
        }

        using CancellationTokenSource stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(_options.StallTimeout);
        try
        {
            using HubResponse response = await _hub.GetAsync(request.Address, headers => AskForTheRest(headers, part), stall.Token);
            if (response.Message.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                part.Restart(null);
                throw new TransientFaultException("the server has no such range; beginning anew.") { RetryAfter = TimeSpan.Zero };
            }

            _hub.ThrowUnlessSuccess(response, request.Address);
            (long? size, string? sha256) = Expect(request, response, part, path);
            await CopyAsync(request, response, part, size, progress, stall, cancellationToken);
            if (part.Length < size)
            {
                throw new TransientFaultException($"the answer ended after {part.Length} of {size} bytes.");
            }

            return new DownloadedFile(path, part.Length, part.Complete(size, sha256), response.Commit);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransientFaultException($"nothing came for {_options.StallTimeout.TotalSeconds:F0} s, after {part.Length} bytes.", exception);
        }
    }

    private static void AskForTheRest(HttpRequestHeaders headers, PartialFile part)
    {
        if (part.Length > 0 && part.Version is { } version)
        {
            headers.Range = new RangeHeaderValue(part.Length, null);
            headers.IfRange = new RangeConditionHeaderValue(new EntityTagHeaderValue(version));
        }
    }

    /// <summary>What the whole file must be, by the request, else by the server; brings the partial file to where the answer begins.</summary>
    private (long? Size, string? Sha256) Expect(DownloadRequest request, HubResponse response, PartialFile part, string path)
    {
        HttpContentHeaders headers = response.Message.Content.Headers;
        if (headers.ContentEncoding.Any(encoding => !string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ModelDownloadException(DownloadFault.Refused, request.Address, $"the server sends it as {string.Join(", ", headers.ContentEncoding)}, though the bytes themselves were asked for.");
        }

        bool continued = response.Message.StatusCode == HttpStatusCode.PartialContent;
        if (!continued)
        {
            part.Restart(response.Message.Headers.ETag is { IsWeak: false } etag ? etag.Tag : null);
        }
        else if (part.Length == 0 || headers.ContentRange is not { Unit: "bytes", From: { } from } || from != part.Length || (response.Message.Headers.ETag is { } now && now.Tag != part.Version))
        {
            part.Restart(null);
            throw new TransientFaultException("the server sent another range than asked for; beginning anew.") { RetryAfter = TimeSpan.Zero };
        }
        else
        {
            LogResumed(request.Name, part.Length);
        }

        long? announced = continued ? headers.ContentRange!.Length : headers.ContentLength;
        if (request.Size is { } published && (response.LinkedSize ?? announced) is { } offered && offered != published)
        {
            part.Delete();
            throw ModelDownloadException.Size(request.Address.AbsoluteUri, published, offered);
        }

        if (request.Sha256 is { } hash && response.LinkedSha256 is { } linked && !string.Equals(hash, linked, StringComparison.OrdinalIgnoreCase))
        {
            part.Delete();
            throw ModelDownloadException.Hash(request.Address.AbsoluteUri, hash, linked);
        }

        long? size = request.Size ?? response.LinkedSize ?? announced;
        if (size is { } bytes)
        {
            DiskSpace.Require(Path.GetDirectoryName(path)!, bytes - part.Length, $"fetching {request.Name}");
        }

        return (size, request.Sha256 ?? response.LinkedSha256);
    }

    private async Task CopyAsync(
        DownloadRequest request,
        HubResponse response,
        PartialFile part,
        long? size,
        IProgress<ModelProgress>? progress,
        CancellationTokenSource stall,
        CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await using Stream body = await response.Message.Content.ReadAsStreamAsync(stall.Token);
            long reported = part.Length;
            progress?.Report(new ModelProgress("downloading", request.Name, part.Length, size ?? 0));
            while (true)
            {
                stall.CancelAfter(_options.StallTimeout);
                int read = await ReadAsync(body, buffer, part.Length, size, stall.Token);
                if (read == 0)
                {
                    break;
                }

                if (part.Length + read > size)
                {
                    part.Delete();
                    throw ModelDownloadException.Size(request.Address.AbsoluteUri, size.Value, part.Length + read);
                }

                await part.AppendAsync(buffer.AsMemory(0, read), cancellationToken);
                if (part.Length - reported >= ProgressStep)
                {
                    reported = part.Length;
                    progress?.Report(new ModelProgress("downloading", request.Name, part.Length, size ?? 0));
                }
            }

            progress?.Report(new ModelProgress("downloading", request.Name, part.Length, size ?? 0));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<int> ReadAsync(Stream body, byte[] buffer, long position, long? size, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new TransientFaultException($"the connection broke after {position} of {size?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"} bytes.", exception);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Going on with {Name} at byte {Position}")]
    private partial void LogResumed(string name, long position);
}
