using Azure;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using ClipFunctions.Pipeline.Search;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>Uploads and their records.</summary>
internal sealed class UploadHandlers(EmbeddingIndex index, UploadReader uploads, ResultStore results, ImageLimits limits) : IDisposable
{
    private const string Json = "application/json";
    private const string Jpeg = "image/jpeg";
    private const string Revalidate = "private, no-cache";

    // Should a picture ever be taken for a page, it may do nothing.
    private const string PicturePolicy = "default-src 'none'; sandbox";

    private readonly ImageDecoder _decoder = new(limits);
    private readonly SemaphoreSlim _thumbnails = new(Environment.ProcessorCount);

    /// <summary><c>GET api/uploads</c>: those handled last.</summary>
    public async Task<IResult> ListAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        int top = RequestNumbers.Read(request, "top", SearchHandlers.DefaultTop, 1, SearchHandlers.MaxTop);
        IndexSnapshot snapshot = await index.GetAsync(cancellationToken);
        UploadsReply reply = new(snapshot.Entries.Count, [.. snapshot.Entries.Take(top).Select(entry => new ListedUpload
        {
            Name = entry.Name,
            State = entry.State,
            ETag = entry.ETag,
            Size = entry.Size,
            Labels = Labels(entry),
            Failure = entry.Failure,
            Model = entry.Model.Id,
            Time = entry.Time,
            Picture = RequestPath.PictureOf(request, entry.Name),
            Result = RequestPath.ResultOf(request, entry.Name),
        })]);
        return Results.Json(reply, ReplyJson.Readable.UploadsReply);
    }

    /// <summary><c>GET api/uploads/{path}</c>: a picture's bytes, or a thumbnail of it.</summary>
    public async Task<IResult> GetAsync(HttpContext context, CancellationToken cancellationToken)
    {
        string name = RequestPath.UploadOf(context);
        int size = RequestNumbers.Read(context.Request, "thumbnail", 0, Thumbnail.MinSize, Thumbnail.MaxSize);
        string suffix = size > 0 ? $"-{size}" : "";
        UploadContent content = await uploads.ReadAsync(name, KnownVersion.Of(context.Request, suffix), limits.MaxBytes, cancellationToken)
            ?? throw NotFound("There is no upload of that name.");
        context.Response.RegisterForDispose(content);
        context.Response.Headers.ContentSecurityPolicy = PicturePolicy;
        if (content.IsNotModified)
        {
            Describe(context, content.ETag, suffix);
            return Results.StatusCode(StatusCodes.Status304NotModified);
        }

        if (content.IsOverLimit)
        {
            throw new TooManyBytesException(limits.MaxBytes, content.Size);
        }

        if (ImageFormats.MediaType(content.Bytes.Span) is not { } type)
        {
            throw NotFound("The upload of that name is no picture; others are not given out.");
        }

        ReadOnlyMemory<byte> picture = size > 0 ? await ThumbnailAsync(content.Bytes, size, cancellationToken) : content.Bytes;
        Describe(context, content.ETag, suffix);
        return Results.Bytes(picture, size > 0 ? Jpeg : type);
    }

    /// <summary><c>GET api/results/{path}</c>: an upload's record, as it stands in storage.</summary>
    public async Task<IResult> GetResultAsync(HttpContext context, CancellationToken cancellationToken)
    {
        string name = RequestPath.UploadOf(context);
        StoredBytes stored = await results.ReadBytesAsync(name, KnownVersion.Of(context.Request), cancellationToken)
            ?? throw NotFound("There is no record of an upload of that name: it has not been handled yet, or there is none.");
        Describe(context, stored.ETag, "");
        return stored.IsNotModified
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Bytes(stored.Content.ToMemory(), Json);
    }

    /// <inheritdoc/>
    public void Dispose() => _thumbnails.Dispose();

    internal static IReadOnlyList<ListedLabel> Labels(IndexEntry entry) => [.. entry.Labels.Select(label => new ListedLabel(label.Label, label.Probability))];

    private async Task<byte[]> ThumbnailAsync(ReadOnlyMemory<byte> picture, int size, CancellationToken cancellationToken)
    {
        await _thumbnails.WaitAsync(cancellationToken);
        try
        {
            return Thumbnail.Create(picture, size, _decoder, cancellationToken);
        }
        finally
        {
            _thumbnails.Release();
        }
    }

    private static void Describe(HttpContext context, ETag version, string suffix)
    {
        context.Response.Headers.ETag = KnownVersion.Tag(version, suffix);
        context.Response.Headers.CacheControl = Revalidate;
    }

    private static RequestProblemException NotFound(string detail) => new(404, "NotFound", "There is nothing here", detail);
}
