using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>
/// A server with the Hugging Face hub's layout: <c>api/models/{repository}/revision/{revision}</c> tells a revision's commit and
/// files, <c>{repository}/resolve/{revision}/{path}</c> is a file, mostly a redirect to a content network. The access token goes to
/// the hub's own origin alone.
/// </summary>
public sealed class HubClient : IDisposable
{
    private const int MaxRedirects = 8;
    private const int MaxListingBytes = 16 << 20;
    private const int MaxServerMessage = 300;
    private const string TokenSetting = "Clip:HubToken";

    private readonly SocketsHttpHandler _handler;
    private readonly HttpClient _http;
    private readonly string? _token;
    private readonly DownloadOptions _options;
    private readonly ILogger _logger;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="address">The hub's address; a path in it stays in front of the hub's own.</param>
    /// <param name="token">The access token, or null.</param>
    /// <param name="options">How patient requests are; the stated defaults if null.</param>
    /// <param name="logger">Told of repeated requests.</param>
    /// <exception cref="ArgumentException">The address is no <c>http(s)</c> one, the token has characters that none has, or it would travel unencrypted.</exception>
    public HubClient(Uri address, string? token = null, DownloadOptions? options = null, ILogger<HubClient>? logger = null)
        : this(address, token, options, logger, null)
    {
    }

    /// <summary>Trusts certificates that the machine does not, for tests.</summary>
    internal HubClient(Uri address, string? token, DownloadOptions? options, ILogger? logger, RemoteCertificateValidationCallback? trust)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https") || address.Query.Length > 0 || address.Fragment.Length > 0 || address.UserInfo.Length > 0)
        {
            throw new ArgumentException($"'{ModelDownloadException.Shown(address.OriginalString)}' is no address of a hub: expected the form https://host/ without a query or user.", nameof(address));
        }

        if (token is not null && (token.Length == 0 || token.Any(c => c is <= ' ' or > '~')))
        {
            throw new ArgumentException("The hub's token has characters that no token has: printable ASCII without spaces only.", nameof(token));
        }

        if (token is not null && address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
        {
            throw new ArgumentException($"The hub's token would travel unencrypted to {ModelDownloadException.Shown(address.AbsoluteUri)}: use https, or no token.", nameof(address));
        }

        Address = address.AbsolutePath.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
        _token = token;
        _options = options ?? new DownloadOptions();
        _logger = logger ?? NullLogger.Instance;
        _handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = { RemoteCertificateValidationCallback = trust },
        };

        // Large files take as long as they take; a server that stalls is what ends a request.
        _http = new HttpClient(_handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("ClipFunctions", typeof(HubClient).Assembly.GetName().Version?.ToString(3)));

        // The bytes themselves are wanted, and ranges of them.
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
    }

    /// <summary>The hub's address, ending with a slash.</summary>
    public Uri Address { get; }

    /// <summary>The address of a repository's page, where terms are agreed to.</summary>
    /// <param name="repository">The repository, <c>owner/name</c>.</param>
    /// <exception cref="ArgumentException">That is no name of a repository.</exception>
    public Uri RepositoryAddress(string repository) => new(Address, CheckedRepository(repository));

    /// <summary>The address of a file.</summary>
    /// <param name="repository">The repository, <c>owner/name</c>.</param>
    /// <param name="revision">A commit, branch or tag.</param>
    /// <param name="path">The file's path in the repository.</param>
    /// <exception cref="ArgumentException">One of them is none.</exception>
    public Uri FileAddress(string repository, string revision, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string[] parts = path.Split('/');
        if (parts.Any(part => part.Length == 0 || part.Trim('.').Length == 0 || part.Contains('\\', StringComparison.Ordinal)))
        {
            throw new ArgumentException($"'{path}' is no path of a file in a repository.", nameof(path));
        }

        return new Uri(Address, $"{CheckedRepository(repository)}/resolve/{CheckedRevision(revision)}/{string.Join('/', parts.Select(Uri.EscapeDataString))}");
    }

    /// <summary>The commit that a revision means now, with its files.</summary>
    /// <param name="repository">The repository, <c>owner/name</c>.</param>
    /// <param name="revision">A commit, branch or tag.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ModelDownloadException">The hub has no such repository or revision, refuses, or cannot be reached.</exception>
    public Task<HubRevision> ResolveAsync(string repository, string revision, CancellationToken cancellationToken)
    {
        Uri address = new(Address, $"api/models/{CheckedRepository(repository)}/revision/{CheckedRevision(revision)}?blobs=true");
        return new RetryLoop(_options, _logger).RunAsync(address, token => ReadRevisionAsync(address, token), cancellationToken);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    /// <summary>Sends a GET and follows redirects. The answer may have any other status; see <see cref="ThrowUnlessSuccess"/>.</summary>
    /// <param name="address">Where.</param>
    /// <param name="configure">Adds headers to each request.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TransientFaultException">The server could not be reached.</exception>
    /// <exception cref="ModelDownloadException">A redirect is not to be followed, or the connection cannot be secured.</exception>
    internal async Task<HubResponse> GetAsync(Uri address, Action<HttpRequestHeaders>? configure, CancellationToken cancellationToken)
    {
        Uri current = address;
        string? commit = null;
        string? linkedSha256 = null;
        long? linkedSize = null;
        for (int redirects = 0; ; redirects++)
        {
            HttpResponseMessage response = await SendAsync(current, configure, cancellationToken);
            try
            {
                bool hub = IsHub(current);
                if (hub)
                {
                    commit ??= Header(response, "X-Repo-Commit");
                    linkedSha256 ??= Sha256(Header(response, "X-Linked-ETag"));
                    linkedSize ??= long.TryParse(Header(response, "X-Linked-Size"), NumberStyles.None, CultureInfo.InvariantCulture, out long size) ? size : null;
                }

                if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
                {
                    HubResponse result = new(response) { FromHub = hub, Commit = commit, LinkedSha256 = linkedSha256, LinkedSize = linkedSize };
                    response = null!;
                    return result;
                }

                if (redirects == MaxRedirects)
                {
                    throw new ModelDownloadException(DownloadFault.Redirect, address, $"redirected more than {MaxRedirects} times, last to {ModelDownloadException.Shown(current.AbsoluteUri)}: the server's redirects go in circles.");
                }

                current = Target(current, response.Headers.Location);
            }
            finally
            {
                response?.Dispose();
            }
        }
    }

    /// <summary>Turns a status that is no success into the error that it means.</summary>
    /// <exception cref="TransientFaultException">The request may succeed later.</exception>
    /// <exception cref="ModelDownloadException">It will not.</exception>
    internal void ThrowUnlessSuccess(HubResponse response, Uri address)
    {
        HttpResponseMessage message = response.Message;
        int status = (int)message.StatusCode;
        if (status is 200 or 206)
        {
            return;
        }

        string said = ServerMessage(response);
        switch (status)
        {
            case 408 or 429 or >= 500:
                throw new TransientFaultException($"the server answered {status}{said}.") { RetryAfter = RetryAfter(message) };
            case 404 or 410:
                throw new ModelDownloadException(DownloadFault.NotFound, address, $"there is no such repository, or no such file at that revision ({status}{said}). Check the catalogue's entry, and Clip:HubUrl if it is a mirror.");
            case 401 when response.FromHub:
                throw new ModelDownloadException(
                    DownloadFault.AccessDenied,
                    address,
                    _token is null
                        ? $"the hub gives it to known users only, or has no such repository ({status}{said}). Set {TokenSetting} to an access token of the hub."
                        : $"the hub does not take the access token ({status}{said}). Set {TokenSetting} to a valid one that may read this repository.");
            case 403 when response.FromHub:
                throw new ModelDownloadException(
                    DownloadFault.AccessDenied,
                    address,
                    $"the hub refuses access ({status}{said}). Agree to the model's licence on its page on {ModelDownloadException.Shown(Address.AbsoluteUri)} and set {TokenSetting} to an access token of that account.");
            case 401 or 403:
                throw new ModelDownloadException(DownloadFault.AccessDenied, address, $"{message.RequestMessage?.RequestUri?.Host} refuses access ({status}).");
            default:
                throw new ModelDownloadException(DownloadFault.Refused, address, $"the server answered {status}{said}; expected 200.");
        }
    }

    /// <summary>Throws what a request's exceptions mean: transient faults, but for a server that cannot prove who it is.</summary>
    private static Exception Translate(Exception exception, Uri address) => exception switch
    {
        HttpRequestException { InnerException: AuthenticationException inner } =>
            new ModelDownloadException(DownloadFault.Unreachable, address, $"the connection cannot be secured: {inner.Message}", exception),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new TransientFaultException($"the name {address.Host} is not known.", exception),
        _ => new TransientFaultException($"the connection failed: {exception.Message.TrimEnd('.')}.", exception),
    };

    private async Task<HttpResponseMessage> SendAsync(Uri address, Action<HttpRequestHeaders>? configure, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        if (_token is not null && IsHub(address))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        }

        configure?.Invoke(request.Headers);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw Translate(exception, address);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransientFaultException($"no connection to {address.Authority} within {_handler.ConnectTimeout.TotalSeconds:F0} s.", exception);
        }
    }

    private bool IsHub(Uri address) =>
        address.Scheme == Address.Scheme && address.Port == Address.Port && string.Equals(address.IdnHost, Address.IdnHost, StringComparison.OrdinalIgnoreCase);

    private Uri Target(Uri from, Uri? location)
    {
        if (location is null)
        {
            throw new ModelDownloadException(DownloadFault.Redirect, from, "redirected, but not told where to.");
        }

        Uri target = new(from, location);
        if (target.Scheme is not ("http" or "https"))
        {
            throw new ModelDownloadException(DownloadFault.Redirect, from, $"redirected to an address of the scheme '{target.Scheme}'; only http and https are followed.");
        }

        bool localHub = Address.Scheme == Uri.UriSchemeHttp && Address.IsLoopback;
        if (from.Scheme == Uri.UriSchemeHttps && target.Scheme == Uri.UriSchemeHttp && !localHub)
        {
            throw new ModelDownloadException(DownloadFault.Redirect, from, $"redirected from https to {ModelDownloadException.Shown(target.AbsoluteUri)}, which is not encrypted; that is not followed.");
        }

        return target;
    }

    private async Task<HubRevision> ReadRevisionAsync(Uri address, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.StallTimeout);
        try
        {
            using HubResponse response = await GetAsync(address, null, limit.Token);
            ThrowUnlessSuccess(response, address);
            await response.Message.Content.LoadIntoBufferAsync(MaxListingBytes, limit.Token);
            byte[] json = await response.Message.Content.ReadAsByteArrayAsync(limit.Token);
            return ParseRevision(json);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransientFaultException($"no answer within {_options.StallTimeout.TotalSeconds:F0} s.", exception);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new ModelDownloadException(DownloadFault.Refused, address, $"the hub's listing has more than {MaxListingBytes} bytes.", exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw Translate(exception, address);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new ModelDownloadException(DownloadFault.Refused, address, $"the answer is no listing of a hub's repository ({exception.Message}). Check Clip:HubUrl.", exception);
        }
    }

    private static HubRevision ParseRevision(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        string commit = document.RootElement.GetProperty("sha").GetString() ?? "";
        if (!IsCommit(commit))
        {
            throw new FormatException("sha: expected 40 hex digits");
        }

        Dictionary<string, HubFile> files = new(StringComparer.Ordinal);
        foreach (JsonElement sibling in document.RootElement.GetProperty("siblings").EnumerateArray())
        {
            string path = sibling.GetProperty("rfilename").GetString() ?? "";
            long? size = sibling.TryGetProperty("size", out JsonElement bytes) && bytes.ValueKind == JsonValueKind.Number ? bytes.GetInt64() : null;
            string? sha256 = sibling.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object && lfs.TryGetProperty("sha256", out JsonElement hash)
                ? Sha256(hash.GetString())
                : null;
            files[path] = new HubFile(path, size, sha256);
        }

        return new HubRevision(commit, files);
    }

    internal static bool IsCommit(string revision) => revision.Length == 40 && revision.All(char.IsAsciiHexDigit);

    private static string? Sha256(string? text)
    {
        string? hash = text?.Trim('"');
        return hash is { Length: 64 } && hash.All(char.IsAsciiHexDigit) ? hash.ToLowerInvariant() : null;
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    // The hub tells its reason in a header, for people.
    private static string ServerMessage(HubResponse response)
    {
        string? said = response.FromHub ? Header(response.Message, "X-Error-Message") ?? Header(response.Message, "X-Error-Code") : null;
        if (string.IsNullOrWhiteSpace(said))
        {
            return "";
        }

        string clean = new([.. said.Select(c => char.IsControl(c) ? ' ' : c)]);
        return $": {(clean.Length > MaxServerMessage ? string.Concat(clean.AsSpan(0, MaxServerMessage), "…") : clean).Trim().TrimEnd('.')}";
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage message)
    {
        TimeSpan? wait = message.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow,
            _ => null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static string CheckedRepository(string repository)
    {
        ArgumentException.ThrowIfNullOrEmpty(repository);
        string[] parts = repository.Split('/');
        return parts.Length <= 2 && parts.All(part => part.Trim('.').Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            ? repository
            : throw new ArgumentException($"'{repository}' is no repository of a hub: expected the form owner/name.", nameof(repository));
    }

    private static string CheckedRevision(string revision)
    {
        ArgumentException.ThrowIfNullOrEmpty(revision);
        return revision.Split('/').All(part => part.Trim('.').Length > 0)
            ? Uri.EscapeDataString(revision)
            : throw new ArgumentException($"'{revision}' is no commit, branch or tag.", nameof(revision));
    }
}
