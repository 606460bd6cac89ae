using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using ClipFunctions.Pipeline.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Reads requests: JSON, a picture as the body, or a form with pictures as its parts.</summary>
internal sealed class RequestReader(IOptions<ClipHttpOptions> options)
{
    private const int MaxFields = 20_000;
    private const int MaxBoundaryLength = 128;

    private readonly ClipHttpOptions _options = options.Value;

    /// <summary>Reads a request that must be JSON.</summary>
    /// <exception cref="RequestProblemException">It is not, or too large.</exception>
    /// <exception cref="JsonException">It is not of the type.</exception>
    public async Task<T> ReadJsonAsync<T>(HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        if (!IsJson(request))
        {
            throw Unsupported(request, "application/json");
        }

        return await DeserializeAsync(request, type, cancellationToken);
    }

    /// <summary>Reads a request about texts: JSON, with fields of the query where the body does not say them.</summary>
    public async Task<T> ReadTextsAsync<T>(HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        T result = await ReadJsonAsync(request, type, cancellationToken);
        FieldBinder.Bind(type, result, request.Query, "query");
        return result;
    }

    /// <summary>Reads a request about pictures in any of the three forms, with fields of the query where the body does not say them.</summary>
    /// <exception cref="RequestProblemException">It is of no known form, too large, or has no pictures or too many.</exception>
    /// <exception cref="JsonException">The JSON is not of the type.</exception>
    public async Task<(T Fields, IReadOnlyList<PictureInput> Pictures)> ReadPicturesAsync<T>(HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : PictureFields, new()
    {
        T fields;
        IReadOnlyList<PictureInput> pictures;
        if (IsJson(request))
        {
            fields = await DeserializeAsync(request, type, cancellationToken);
            FieldBinder.Bind(type, fields, request.Query, "query");
            pictures = PicturesOf(fields);
        }
        else if (IsMultipart(request, out string? boundary))
        {
            (pictures, List<KeyValuePair<string, StringValues>> form) = await ReadFormAsync(request, boundary, cancellationToken);
            fields = new T();
            FieldBinder.Bind(type, fields, form, "form");
            FieldBinder.Bind(type, fields, request.Query, "query");
            pictures = [.. pictures, .. PicturesOf(fields)];
        }
        else if (IsPicture(request))
        {
            PictureInput picture = await ReadBodyAsync(request, cancellationToken);
            fields = new T();
            FieldBinder.Bind(type, fields, request.Query, "query");
            pictures = [picture];
        }
        else if (request.ContentLength is null or 0 && request.Query.ContainsKey("blob"))
        {
            fields = new T();
            FieldBinder.Bind(type, fields, request.Query, "query");
            pictures = PicturesOf(fields);
        }
        else
        {
            throw Unsupported(request, "application/json, multipart/form-data, image/* or application/octet-stream");
        }

        if (pictures.Count == 0)
        {
            throw RequestProblemException.BadRequest(
                "NoPictures",
                "There is no picture",
                "Send a picture as the body, pictures as parts of multipart/form-data, or JSON with 'images' (base64, data URIs, {\"blob\": \"uploads/…\"}).");
        }

        return pictures.Count <= _options.MaxPictures
            ? (fields, pictures)
            : throw RequestProblemException.OverLimit("TooManyPictures", "pictures", "Clip:Http:MaxPictures", _options.MaxPictures, pictures.Count);
    }

    /// <summary>Reads a picture that is the body.</summary>
    public async Task<PictureInput> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken) =>
        new(await ReadBodyBytesAsync(request, cancellationToken));

    public static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));

    public static bool IsPicture(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
        && (type.Type.Equals("image", StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase));

    public static RequestProblemException Unsupported(HttpRequest request, string expected)
    {
        string given = request.ContentType is { Length: > 0 } type ? $"'{(type.Length <= 100 ? type : type[..100])}'" : "missing";
        return new RequestProblemException(415, "UnsupportedMediaType", "The content type is not read here", $"The Content-Type is {given}; expected {expected}.");
    }

    private static bool IsMultipart(HttpRequest request, out string boundary)
    {
        boundary = "";
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        return boundary.Length is > 0 and <= MaxBoundaryLength
            ? true
            : throw RequestProblemException.BadRequest("InvalidForm", "The form cannot be read", "multipart/form-data needs a boundary in its Content-Type. Let the client set that header.");
    }

    private static List<PictureInput> PicturesOf(PictureFields fields)
    {
        List<PictureInput> pictures = [];
        if (fields.Images is { } images)
        {
            foreach (PictureInput? image in images)
            {
                pictures.Add(image ?? throw RequestProblemException.BadRequest("InvalidField", "A field cannot be used", $"images[{pictures.Count}] is null."));
            }
        }

        if (fields.Image is { } single)
        {
            pictures.Add(single);
        }

        if (fields.Blob is { } blob)
        {
            pictures.Add(new PictureInput(default, blob, blob));
        }

        if (fields.Base64 is { } base64)
        {
            pictures.Add(new PictureInput(PictureInputConverter.Decode(Encoding.UTF8.GetBytes(base64))));
        }

        return pictures;
    }

    private async Task<T> DeserializeAsync<T>(HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> body = await ReadBodyBytesAsync(request, cancellationToken);
        ReadOnlySpan<byte> json = body.Span;
        if (json.StartsWith("\uFEFF"u8))
        {
            json = json[3..];
        }

        if (!Utf8.IsValid(json))
        {
            throw RequestProblemException.BadRequest("InvalidJson", "The JSON cannot be read", "The body is not UTF-8.");
        }

        return JsonSerializer.Deserialize(json, type)
            ?? throw RequestProblemException.BadRequest("InvalidJson", "The JSON cannot be read", "Expected an object, found null.");
    }

    private async Task<ReadOnlyMemory<byte>> ReadBodyBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(request, request.Body, request.ContentLength, _options.MaxBodyBytes, 0, cancellationToken);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            // The server throws this, too, for what a sender has done: a chunk's size that is beyond all numbers.
            throw RequestProblemException.BadRequest("BadRequest", "The request cannot be read", "The body is cut short, or its chunks are malformed.", exception);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, Stream stream, long? length, long limit, long before, CancellationToken cancellationToken)
    {
        PooledBytes bytes = await PooledBytes.ReadAsync(stream, length, limit, before, cancellationToken);
        request.HttpContext.Response.RegisterForDispose(bytes);
        return bytes.Memory;
    }

    private async Task<(IReadOnlyList<PictureInput> Pictures, List<KeyValuePair<string, StringValues>> Fields)> ReadFormAsync(HttpRequest request, string boundary, CancellationToken cancellationToken)
    {
        if (request.ContentLength > _options.MaxBodyBytes)
        {
            throw PooledBytes.TooLarge(_options.MaxBodyBytes, request.ContentLength.Value);
        }

        List<PictureInput> pictures = [];
        Dictionary<string, StringValues> fields = new(StringComparer.OrdinalIgnoreCase);
        long read = 0;
        int count = 0;
        try
        {
            MultipartReader reader = new(boundary, request.Body);
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition)
                    || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
                {
                    throw Invalid("a part has no Content-Disposition of form-data");
                }

                bool isPicture = disposition.FileName.HasValue || disposition.FileNameStar.HasValue
                    || section.ContentType?.StartsWith("image/", StringComparison.OrdinalIgnoreCase) == true;
                if (isPicture)
                {
                    if (pictures.Count == _options.MaxPictures)
                    {
                        throw RequestProblemException.OverLimit("TooManyPictures", "pictures", "Clip:Http:MaxPictures", _options.MaxPictures, pictures.Count + 1);
                    }

                    ReadOnlyMemory<byte> bytes = await ReadPartAsync(section.Body);
                    read += bytes.Length;
                    pictures.Add(new PictureInput(bytes, null, NameOf(disposition)));
                    continue;
                }

                if (++count > MaxFields)
                {
                    throw Invalid($"it has more than {MaxFields} fields");
                }

                ReadOnlyMemory<byte> value = await ReadPartAsync(section.Body);
                read += value.Length;
                string name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
                fields[name] = StringValues.Concat(fields.GetValueOrDefault(name), Text(value.Span, name));
            }
        }
        catch (Exception exception) when (exception is InvalidDataException || (exception is IOException && exception is not BadHttpRequestException))
        {
            throw RequestProblemException.BadRequest("InvalidForm", "The form cannot be read", "The multipart/form-data body is cut short or malformed.", exception);
        }

        return (pictures, [.. fields]);

        async Task<ReadOnlyMemory<byte>> ReadPartAsync(Stream part) => await ReadAsync(request, part, null, _options.MaxBodyBytes, read, cancellationToken);

        static RequestProblemException Invalid(string what) => RequestProblemException.BadRequest("InvalidForm", "The form cannot be read", $"The multipart/form-data body cannot be used: {what}.");
    }

    private static string? NameOf(ContentDispositionHeaderValue disposition)
    {
        string name = (disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName)).ToString();
        return name.Length == 0 ? null : name.Length <= 256 ? name : name[..256];
    }

    private static string Text(ReadOnlySpan<byte> value, string name)
    {
        try
        {
            return StrictUtf8.GetString(value);
        }
        catch (DecoderFallbackException exception)
        {
            throw RequestProblemException.BadRequest("InvalidField", "A field cannot be used", $"The form's '{(name.Length <= 64 ? name : name[..64])}' is not UTF-8.", exception);
        }
    }

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
