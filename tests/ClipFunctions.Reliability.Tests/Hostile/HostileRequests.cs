using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ClipFunctions.Testing;
using ClipFunctions.Testing.Hostile;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>
/// Requests that somebody might send to do harm, made for every endpoint there is: one for each known trick, and mutations of sound ones. The same for
/// the same seed and document.
/// </summary>
internal sealed class HostileRequests(JsonNode document)
{
    private const string Json = "Content-Type: application/json";
    private const string Placeholder = "@hostile@";
    private const string Boundary = "frontier";
    private static readonly byte[] Picture = TestPictures.Jpeg(1, 48, 32);

    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "FOO", "get", "POSTT"];

    // Percent-encoded where HTTP wants it. None holds what an answer must not hold.
    private static readonly string[] Paths =
    [
        "..", ".", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2f..%2f..%2fetc%2fpasswd", "../../../etc/passwd", "..%5c..%5cwin.ini", "a\\..\\b", "%252e%252e%252fetc", "%c0%ae%c0%ae%c0%af",
        "%e0%80%ae", "%00", "sound.jpg%00.png", "%0d%0aX-Injected:%20yes", "%0a", "%0d", "%E5%98%8D%E5%98%8AX-Injected:%20yes", "%ff%fe", "%ed%a0%80", "%ed%b0%80%ed%a0%80", "%F0%9F%98%80", "%ef%bf%bf", "%", "%z",
        "%2", "%u0041", "~", "....//", "/", "//", "///etc/passwd", "con", "sound.jpg/..", "sound.jpg/.", "sound.jpg/", "sound.jpg.", "sound.jpg%20", "%20", "%09", "%01", "%7f", "%c2%80", "%e2%80%ae", "{0}",
        "$(id)", "'", "%22", "%3cscript%3ealert(1)%3c/script%3e", ";", "%3b", "%3f", "%23", "*", "a%2f..%2fb", "%2f", "%2fetc%2fpasswd", "uploads/../results/x", "file:///etc/passwd", "http://127.0.0.1:1/x",
        "$logs", "$web/x", "%24root", "snapshot?snapshot=2020", "sound.jpg?comp=tags", "sound.jpg?restype=container&comp=list", "sound.jpg%3fcomp=tags", "sound.jpg%23x", "sound.jpg;comp=acl", "%e4", "%f4%90%80%80",
        "xn--nxasmq6b", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", "%2e", "%2E%2E/%2E%2E", "-1", "0", "null", "undefined", "NaN", "1e999", "99999999999999999999",
    ];

    private static readonly string[] Values =
    [
        "", "%00", "%0d%0aX-Injected:%20yes", "%ff", "%ed%a0%80", "%F0%9F%98%80", "NaN", "Infinity", "-Infinity", "-1", "0", "1e400", "99999999999999999999999", "1.5", "0x10", "true", "[]", "[%22a%22]", "[", "{}", "null",
        "..", ".", "...", "-", "~", "..%2f..%2fetc%2fpasswd", "uploads/%2e%2e/results/x", "/etc/passwd", "uploads/%00", "%22", "'", "{}%20{}", "{", "%7b0%7d", "%E2%80%AE", "demo:", ":fp16", "demo:fp64", "%2a", "$where", "a;b", "a%26b", "%u0041", "%",
    ];

    private static readonly string[] JsonValues =
    [
        "null", "true", "[]", "{}", "\"\"", "0", "-1", "1.5", "1e400", "-1e400", "1e-400", "NaN", "Infinity", "-0", "123456789012345678901234567890", "2147483648", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"",
        "\"\\uffff\"", "\"a\\r\\nX-Injected: yes\"", "\"..\"", "\".\"", "\"../../../etc/passwd\"", "\"uploads/../x\"", "\"uploads/%2e%2e/x\"", "\"http://127.0.0.1:1/x.png\"", "\"file:///etc/passwd\"", "\"data:image/png;base64,AAAA\"",
        "\"data:,\"", "\"====\"", "[null]", "[1,2,3]", "[\"\",\"\"]", "[[[[[[]]]]]]", "{\"blob\":\"uploads/../../x\"}", "{\"base64\":\"!\"}", "{\"url\":\"http://127.0.0.1:1/\"}", "{\"$ref\":\"#\"}", "{\"__proto__\":{}}",
        "\"\u202E\\u0007\\u001b[31m\"", "\"{}\"", "\"{} {}\"", "\"<|endoftext|>\"", "[\"a\",\"a\",\"a\"]", "\"1\"", "\"NaN\"", "'single'", "01", "+1", ".5", "0x10", "undefined", "/* x */ 1", "\"unfinished", "\"\t\"",
    ];

    private static readonly string[] ContentTypes =
    [
        "", "text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/json;charset=\"", "application/problem+json", "image/*", "image/svg+xml", "*/*", "a", "/", ";", "multipart/form-data",
        "multipart/form-data; boundary=", "multipart/form-data; boundary=\"", "multipart/form-data; boundary=" + "x0123456789x0123456789x0123456789x0123456789x0123456789x0123456789x0123456789x0123456789x0123456789x0123456789x0123456789x0123456789x0123456789",
        "multipart/mixed; boundary=a", "multipart/form-data; boundary=a; boundary=b", "application/octet-stream; x=\"\\\"", "application/json, text/html", "application/x-npy", "application/grpc", "text/html; charset=\u00e4", "image/jpeg\t",
    ];

    private readonly IReadOnlyList<ApiEndpoint> _endpoints = ApiEndpoint.All(document);

    /// <summary>What is asked.</summary>
    public IReadOnlyList<ApiEndpoint> Endpoints => _endpoints;

    /// <summary>One request for each known trick and endpoint.</summary>
    public IEnumerable<(ApiEndpoint Endpoint, HostileRequest Request)> Crafted() =>
        _endpoints.SelectMany(endpoint => Crafted(endpoint).Select(request => (endpoint, request)));

    /// <summary>A mutation: the same for the same seed and number.</summary>
    public (ApiEndpoint Endpoint, HostileRequest Request) Mutation(int seed, int number)
    {
        Random random = new(unchecked((seed * 397) ^ (number * 7919)));
        ApiEndpoint endpoint = _endpoints[number % _endpoints.Count];
        string name = string.Create(CultureInfo.InvariantCulture, $"mutation {number} of seed {seed}, {endpoint}");
        if (endpoint.ContentTypes.Contains("application/json") && random.Next(3) > 0)
        {
            return (endpoint, HostileRequest.Make(name, endpoint.Method, endpoint.Target() + Query(endpoint, random), MutateJson(endpoint, random), Json));
        }

        if (random.Next(2) == 0)
        {
            string target = endpoint.PathParameters.ToArray() is { Length: > 0 } names ? endpoint.Target(names[random.Next(names.Length)], PathOf(random)) : endpoint.Target();
            return (endpoint, HostileRequest.Make(name, endpoint.Method, target + Query(endpoint, random), endpoint.ContentTypes.Count > 0 ? Picture : [], endpoint.ContentTypes.Count > 0 ? ["Content-Type: image/jpeg"] : []));
        }

        // Bytes of a sound request, anywhere in it.
        List<byte> bytes = [.. Sound(endpoint, random).Bytes];
        for (int k = random.Next(1, 6); k > 0; k--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at)));
                    break;
                case 3:
                    bytes.Insert(at, (byte)"\r\n\0 :;,=%\"\\/\u007f"[random.Next(13)]);
                    break;
                default:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
            }

            if (bytes.Count == 0)
            {
                bytes.Add((byte)'G');
            }
        }

        return (endpoint, new HostileRequest(name, [.. bytes]) { BreaksHttp = true, EndsEarly = true });
    }

    private static IEnumerable<HostileRequest> Crafted(ApiEndpoint endpoint)
    {
        string target = endpoint.Target();
        bool hasBody = endpoint.ContentTypes.Count > 0;
        foreach (string method in Methods.Where(method => method != endpoint.Method))
        {
            yield return HostileRequest.Make($"{endpoint}: by {method}", method, target, hasBody ? "{}"u8 : default, hasBody ? [Json] : []);
        }

        foreach (string parameter in endpoint.PathParameters)
        {
            foreach (string path in Paths)
            {
                yield return HostileRequest.Make($"{endpoint}: '{path}' for {parameter}", endpoint.Method, endpoint.Target(parameter, path));
            }

            yield return HostileRequest.Make($"{endpoint}: 3000 characters for {parameter}", endpoint.Method, endpoint.Target(parameter, new string('x', 3000)));
            yield return HostileRequest.Make($"{endpoint}: 1000 directories for {parameter}", endpoint.Method, endpoint.Target(parameter, string.Concat(Enumerable.Repeat("%2e%2e/", 1000))));
        }

        byte[] body = Body(endpoint);
        string[] type = hasBody ? [endpoint.ContentTypes.Contains("application/json") ? Json : "Content-Type: image/jpeg"] : [];
        string[] queries = [.. endpoint.QueryParameters, .. (string[])["code", "unknown", "api-version"]];
        foreach (string query in queries)
        {
            foreach (string value in Values)
            {
                yield return HostileRequest.Make($"{endpoint}: {query}={value}", endpoint.Method, $"{target}?{query}={value}", body, type);
            }

            yield return HostileRequest.Make($"{endpoint}: {query} 500 times", endpoint.Method, $"{target}?{string.Join('&', Enumerable.Repeat(query + "=a", 500))}", body, type);
            yield return HostileRequest.Make($"{endpoint}: {query} of 6000 characters", endpoint.Method, $"{target}?{query}={new string('a', 6000)}", body, type);
        }

        yield return HostileRequest.Make($"{endpoint}: a query of ampersands", endpoint.Method, $"{target}?&&&=&=&a=b=c&&%26", body, type);
        yield return HostileRequest.Make($"{endpoint}: 1200 fields", endpoint.Method, $"{target}?{string.Join('&', Enumerable.Range(0, 1200).Select(i => $"f{i}=1"))}", body, type);
        yield return HostileRequest.Make($"{endpoint}: a line of 40,000 bytes", endpoint.Method, $"{target}?a={new string('a', 40_000)}", body, type) with { BreaksHttp = true };
        foreach (HostileRequest request in Headers(endpoint, target, body, type).Concat(Framing(endpoint, target, body, type)))
        {
            yield return request;
        }

        if (!hasBody)
        {
            yield return HostileRequest.Make($"{endpoint}: a body where none is read", endpoint.Method, target, new byte[100_000], "Content-Type: image/jpeg");
            yield break;
        }

        foreach (string contentType in ContentTypes)
        {
            yield return HostileRequest.Make($"{endpoint}: '{contentType}' with JSON", endpoint.Method, target, "{\"text\":\"a\"}"u8, $"Content-Type: {contentType}");
            yield return HostileRequest.Make($"{endpoint}: '{contentType}' with a picture", endpoint.Method, target, Picture, $"Content-Type: {contentType}");
            yield return HostileRequest.Make($"{endpoint}: '{contentType}' with nothing", endpoint.Method, target, default, $"Content-Type: {contentType}");
        }

        foreach (HostileRequest request in Jsons(endpoint, target).Concat(Forms(endpoint, target)).Concat(Pictures(endpoint, target)))
        {
            yield return request;
        }
    }

    private static IEnumerable<HostileRequest> Headers(ApiEndpoint endpoint, string target, byte[] body, string[] type)
    {
        foreach (string header in (string[])[
            "If-None-Match: *", "If-None-Match: \"", "If-None-Match: W/\"x\", \"\u00e4\", x", "If-Match: \"x\"", "If-Modified-Since: never", "Range: bytes=0-", "Range: bytes=99999999999-", "Range: bytes=-1,0-,5-1", "Accept: ", "Accept: */*;q=NaN", "Accept: application/x-npy;q=2, a/b/c",
            "Accept: application/octet-stream, application/x-npy", "Accept-Encoding: gzip;q=x, br, identity;q=0", "Accept-Charset: utf-16", "x-functions-key: \u00ff", "Authorization: Bearer", "Authorization: Basic AAAA", "api-key: x", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: evil.example",
            "X-Original-URL: /api/models", "X-HTTP-Method-Override: DELETE", "Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Cookie: a=b; c", "Upgrade: websocket", "Upgrade: h2c", "Expect: 100-continue", "Expect: x", "Content-Encoding: gzip", "Content-Encoding: deflate, br",
            "traceparent: 00-zz-zz-01", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "TE: trailers", "Via: 1.1 x", "Max-Forwards: 0", "Accept-Language: ../../x", "User-Agent: () { :; }; id", "Referer: javascript:alert(1)", "Connection: keep-alive, X-Injected"])
        {
            // A server that is asked for permission to go on with no intent to, answers; what others do not want, too.
            yield return HostileRequest.Make($"{endpoint}: {header}", endpoint.Method, target, body, [.. type, header]) with { BreaksHttp = header.StartsWith("Expect: x", StringComparison.Ordinal) || header.StartsWith("Connection", StringComparison.Ordinal), EndsEarly = header.StartsWith("Connection", StringComparison.Ordinal) };
        }

        yield return HostileRequest.Make($"{endpoint}: 90 headers", endpoint.Method, target, body, [.. type, .. Enumerable.Range(0, 90).Select(i => $"X-{i}: {i}")]);
        yield return HostileRequest.Make($"{endpoint}: 3000 headers", endpoint.Method, target, body, [.. type, .. Enumerable.Range(0, 3000).Select(i => $"X-{i}: {i}")]) with { BreaksHttp = true };
        yield return HostileRequest.Make($"{endpoint}: a header of 64 KB", endpoint.Method, target, body, [.. type, $"X: {new string('a', 65_536)}"]) with { BreaksHttp = true };
        yield return HostileRequest.Make($"{endpoint}: its content type twice", endpoint.Method, target, body, [.. type, "Content-Type: text/plain"]);
        yield return HostileRequest.Make($"{endpoint}: two keys", endpoint.Method, target, body, [.. type, "x-functions-key: a", "x-functions-key: b"]);
    }

    private static IEnumerable<HostileRequest> Framing(ApiEndpoint endpoint, string target, byte[] body, string[] type)
    {
        string name = endpoint.ToString();
        string contentType = type.Length > 0 ? type[0] + "\r\n" : "";
        string host = "Host: 127.0.0.1\r\nConnection: close\r\n" + contentType;
        yield return HostileRequest.Raw($"{name}: no Host", endpoint.Method, target, "Connection: close\r\n");
        yield return HostileRequest.Raw($"{name}: another Host", endpoint.Method, target, "Host: evil.example\r\nConnection: close\r\n");
        yield return HostileRequest.Raw($"{name}: two Hosts", endpoint.Method, target, "Host: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n");
        yield return HostileRequest.Raw($"{name}: a Host that is none", endpoint.Method, target, "Host: 127.0.0.1:port/..\r\nConnection: close\r\n");
        yield return HostileRequest.Raw($"{name}: no space in a header", endpoint.Method, target, host + "X-Foo\r\n");
        yield return HostileRequest.Raw($"{name}: a header's name with a space", endpoint.Method, target, host + "X Foo: 1\r\n");
        yield return HostileRequest.Raw($"{name}: a folded header", endpoint.Method, target, host + "X-Foo: 1\r\n 2\r\n");
        yield return HostileRequest.Raw($"{name}: NUL in a header", endpoint.Method, target, host + "X-Foo: a\0b\r\n");
        yield return HostileRequest.Raw($"{name}: a bare line feed", endpoint.Method, target, host + "X-Foo: a\nX-Bar: b\r\n");
        yield return HostileRequest.Raw($"{name}: a bare carriage return", endpoint.Method, target, host + "X-Foo: a\rX-Bar: b\r\n");
        yield return new HostileRequest($"{name}: HTTP 9.9", Encoding.Latin1.GetBytes($"{endpoint.Method} {target} HTTP/9.9\r\n{host}\r\n")) { BreaksHttp = true, EndsEarly = true };
        yield return new HostileRequest($"{name}: HTTP 0.9", Encoding.Latin1.GetBytes($"{endpoint.Method} {target}\r\n")) { BreaksHttp = true, EndsEarly = true };
        yield return new HostileRequest($"{name}: a full address", Encoding.Latin1.GetBytes($"{endpoint.Method} http://evil.example{target} HTTP/1.1\r\n{host}\r\n")) { BreaksHttp = true, EndsEarly = true };
        yield return new HostileRequest($"{name}: raw UTF-8 in its address", Encoding.UTF8.GetBytes($"{endpoint.Method} {target}?a=\u00e4 HTTP/1.1\r\n{host}\r\n")) { BreaksHttp = true, EndsEarly = true };
        yield return new HostileRequest($"{name}: a line feed in its address", Encoding.Latin1.GetBytes($"{endpoint.Method} {target}\r\nX-Injected: yes HTTP/1.1\r\n{host}\r\n")) { BreaksHttp = true, EndsEarly = true };
        yield return new HostileRequest($"{name}: cut amid its headers", Encoding.Latin1.GetBytes($"{endpoint.Method} {target} HTTP/1.1\r\nHost: 127")) { BreaksHttp = true, EndsEarly = true };
        yield return new HostileRequest($"{name}: two in a row, the second to be smuggled", [.. HostileRequest.Make("", endpoint.Method, target, body, type).Bytes, .. "GET /api/models HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8]);
        foreach (string length in (string[])["-1", "99999999999999999999", "1e3", "0x10", "+5", " ", "5, 5", "10000000000", "2147483648"])
        {
            yield return HostileRequest.Raw($"{name}: a length of {length}", endpoint.Method, target, $"{host}Content-Length: {length}\r\n", body);
        }

        yield return HostileRequest.Raw($"{name}: two lengths", endpoint.Method, target, $"{host}Content-Length: 5\r\nContent-Length: 6\r\n", body);
        yield return HostileRequest.Raw($"{name}: a length that is too long", endpoint.Method, target, $"{host}Content-Length: {body.Length + 100}\r\n", body);
        yield return HostileRequest.Raw($"{name}: a length and chunks", endpoint.Method, target, $"{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"u8);
        yield return HostileRequest.Raw($"{name}: an unknown transfer encoding", endpoint.Method, target, $"{host}Transfer-Encoding: gzip\r\n", body);
        yield return HostileRequest.Raw($"{name}: chunked twice", endpoint.Method, target, $"{host}Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"u8);
        foreach ((string what, string chunks) in ((string, string)[])[("whose size is none", "zz\r\nabc\r\n0\r\n\r\n"), ("of negative size", "-5\r\nabc\r\n0\r\n\r\n"), ("of huge size", "FFFFFFFFFFFFFFFF\r\nabc"), ("of 2 GB", "7FFFFFFF\r\nabc"), ("without an end", "3\r\nabc\r\n"), ("with an extension of 20,000 bytes", $"3;{new string('a', 20_000)}\r\nabc\r\n0\r\n\r\n"), ("with a trailer that injects", "0\r\nX-Injected: yes\r\n\r\n"), ("of one byte each, 3000", string.Concat(Enumerable.Repeat("1\r\na\r\n", 3000)) + "0\r\n\r\n")])
        {
            yield return HostileRequest.Raw($"{name}: chunks {what}", endpoint.Method, target, $"{host}Transfer-Encoding: chunked\r\n", Encoding.Latin1.GetBytes(chunks));
        }

        yield return HostileRequest.Make($"{name}: aborted when it is sent", endpoint.Method, target, body, type) with { IsAborted = true };
        if (body.Length > 0)
        {
            HostileRequest sound = HostileRequest.Make("", endpoint.Method, target, body, type);
            yield return new HostileRequest($"{name}: aborted amid its body", sound.Bytes[..^(body.Length / 2)]) { IsAborted = true };
            yield return new HostileRequest($"{name}: ended amid its body", sound.Bytes[..^(body.Length / 2)]) { BreaksHttp = true, EndsEarly = true };
        }
    }

    private static IEnumerable<HostileRequest> Jsons(ApiEndpoint endpoint, string target)
    {
        string name = $"{endpoint}: JSON,";
        foreach ((string what, byte[] json) in ((string, byte[])[])[
            ("nothing", []), ("a space", " "u8.ToArray()), ("NUL", [0]), ("a byte order mark", [0xEF, 0xBB, 0xBF]), ("UTF-16", Encoding.Unicode.GetBytes("{\"text\":\"a\"}")), ("UTF-16 with its mark", [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes("{}")]),
            ("invalid UTF-8", [.. "{\"text\":\""u8, 0xFF, 0xC0, 0x80, .. "\"}"u8]), ("overlong UTF-8", [.. "{\"text\":\""u8, 0xC0, 0xAF, .. "\"}"u8]), ("a surrogate in UTF-8", [.. "{\"text\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8]),
            ("100,000 brackets", Encoding.ASCII.GetBytes(new string('[', 100_000))), ("100,000 braces", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 100_000)))), ("200 brackets that close", Encoding.ASCII.GetBytes(new string('[', 200) + new string(']', 200))),
            ("two in a row", "{}{}"u8.ToArray()), ("something behind it", "{} x"u8.ToArray()), ("a comma at its end", "{\"text\":\"a\",}"u8.ToArray()), ("a comment", "{/* x */}"u8.ToArray()), ("a number", "1"u8.ToArray()), ("a string", "\"x\""u8.ToArray()), ("true", "true"u8.ToArray()), ("null", "null"u8.ToArray()), ("an array", "[]"u8.ToArray()),
            ("fields that are not known, 50,000", Encoding.ASCII.GetBytes("{" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"f{i}\":{i}")) + "}")),
            ("one field 50,000 times", Encoding.ASCII.GetBytes("{" + string.Join(',', Enumerable.Repeat("\"text\":\"a\"", 50_000)) + "}")),
            ("a field's name of 1 MB", Encoding.ASCII.GetBytes($"{{\"{new string('a', 1 << 20)}\":1}}")), ("a number of 1 MB", Encoding.ASCII.GetBytes($"{{\"topK\":{new string('9', 1 << 20)}}}")), ("spaces, 3 MB", [.. Enumerable.Repeat((byte)' ', 3 << 20), .. "{}"u8])])
        {
            yield return HostileRequest.Make($"{name} {what}", endpoint.Method, target, json, Json);
        }

        if (!endpoint.ContentTypes.Contains("application/json"))
        {
            yield break;
        }

        // Every value of the first example, replaced; and then by much.
        JsonNode example = endpoint.Examples.First();
        foreach (string path in Leaves(example))
        {
            foreach (string value in JsonValues)
            {
                yield return HostileRequest.Make($"{name} {value} at {path}", endpoint.Method, target, Replace(example, path, value), Json);
            }

            foreach ((string what, string value) in ((string, string)[])[
                ("a text of 1 MB", $"\"{new string('a', 1 << 20)}\""), ("a text of 16,384 combining marks", $"\"{new string('\u0301', 16_384)}\""), ("a text of 16,384 entities", $"\"{string.Concat(Enumerable.Repeat("&amp;", 3276))}\""), ("100,000 labels", $"[{string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"label {i}\""))}]"),
                ("9000 labels", $"[{string.Join(',', Enumerable.Range(0, 3000).Select(i => $"\"l{i}\""))}]"), ("100,000 nulls", $"[{string.Join(',', Enumerable.Repeat("null", 100_000))}]"), ("64 deep", new string('[', 64) + new string(']', 64)), ("65 pictures", $"[{string.Join(',', Enumerable.Repeat("\"AAAA\"", 65))}]")])
            {
                if (what != "9000 labels" || path.EndsWith("labels", StringComparison.Ordinal))
                {
                    yield return HostileRequest.Make($"{name} {what} at {path}", endpoint.Method, target, Replace(example, path, value), Json);
                }
            }
        }
    }

    private static IEnumerable<HostileRequest> Forms(ApiEndpoint endpoint, string target)
    {
        if (!endpoint.ContentTypes.Contains("multipart/form-data"))
        {
            yield break;
        }

        string type = $"Content-Type: multipart/form-data; boundary={Boundary}";
        const string file = "Content-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"";
        foreach ((string what, byte[] form) in ((string, byte[])[])[
            ("nothing", []), ("its end alone", Ascii("--frontier--\r\n")), ("another boundary", [.. Part(file, Picture, "other"), .. Ascii("--other--\r\n")]), ("no end", Part(file, Picture)), ("a part without headers", Ascii("--frontier\r\n\r\nx\r\n--frontier--\r\n")), ("a header without a colon", Ascii("--frontier\r\nX\r\n\r\nx\r\n--frontier--\r\n")),
            ("no disposition", Whole(Part("Content-Type: image/jpeg", Picture))), ("a disposition that is none", Whole(Part("Content-Disposition: \"", Picture))), ("a name that is missing", Whole(Part("Content-Disposition: form-data; filename=\"a.jpg\"", Picture))),
            ("a name with line breaks", Whole(Part("Content-Disposition: form-data; name=\"file\"; filename=\"a%0d%0aX-Injected: yes\"", Picture))), ("a name that leads out", Whole(Part("Content-Disposition: form-data; name=\"file\"; filename=\"../../../etc/passwd\"", Picture))), ("NUL in a name", Whole(Part("Content-Disposition: form-data; name=\"file\"; filename=\"a\0.jpg\"", Picture))),
            ("a name in a charset that is none", Whole(Part("Content-Disposition: form-data; name=\"file\"; filename*=x-none'en'%ff%fe", Picture))), ("a name of 60,000 characters", Whole(Part($"Content-Disposition: form-data; name=\"file\"; filename=\"{new string('a', 60_000)}\"", Picture))),
            ("a part's headers of 1 MB", Whole(Part($"{file}\r\nX: {new string('a', 1 << 20)}", Picture))), ("5000 headers of a part", Whole(Part(file + string.Concat(Enumerable.Range(0, 5000).Select(i => $"\r\nX-{i}: 1")), Picture))),
            ("an encoding of a part", Whole(Part(file + "\r\nContent-Transfer-Encoding: base64", Picture))), ("a form inside a form", Whole(Part("Content-Disposition: form-data; name=\"file\"\r\nContent-Type: multipart/mixed; boundary=frontier", Whole(Part(file, Picture))))),
            ("65 pictures", Whole([.. Enumerable.Repeat(Part(file, Picture), 65).SelectMany(b => b)])), ("30,000 empty parts", Whole([.. Enumerable.Repeat(Part("Content-Disposition: form-data; name=\"labels\"", "a"u8), 30_000).SelectMany(b => b)])), ("a field of 3 MB", Whole([.. Part("Content-Disposition: form-data; name=\"labels\"", new byte[3 << 20]), .. Part(file, Picture)])),
            ("a field that is not UTF-8", Whole([.. Part("Content-Disposition: form-data; name=\"labels\"", [0xFF, 0xFE]), .. Part(file, Picture)])), ("a field in UTF-7", Whole([.. Part("Content-Disposition: form-data; name=\"labels\"\r\nContent-Type: text/plain; charset=utf-7", "+ADw-"u8), .. Part(file, Picture)])),
            ("the charset field", Whole([.. Part("Content-Disposition: form-data; name=\"_charset_\"", "utf-16"u8), .. Part(file, Picture)])), ("an unknown field", Whole([.. Part("Content-Disposition: form-data; name=\"__proto__\"", "x"u8), .. Part(file, Picture)])), ("junk before its parts", [.. new byte[100_000], .. Whole(Part(file, Picture))]),
            ("junk behind its end", [.. Whole(Part(file, Picture)), .. new byte[100_000]]), ("100,000 dashes", Ascii(new string('-', 100_000))), ("a boundary that almost ends", Whole([.. Part(file, [.. Enumerable.Repeat(Ascii("\r\n--frontie"), 20_000).SelectMany(b => b)])])), ("a blob that leads out", Whole(Part("Content-Disposition: form-data; name=\"blob\"", "uploads/../x"u8))), ("an empty picture", Whole(Part(file, [])))])
        {
            yield return HostileRequest.Make($"{endpoint}: a form, {what}", endpoint.Method, target, form, type);
        }

        static byte[] Part(string headers, ReadOnlySpan<byte> content, string boundary = Boundary) => [.. Encoding.Latin1.GetBytes($"--{boundary}\r\n{headers}\r\n\r\n"), .. content, .. "\r\n"u8];
        static byte[] Whole(byte[] parts) => [.. parts, .. Ascii($"--{Boundary}--\r\n")];
        static byte[] Ascii(string text) => Encoding.Latin1.GetBytes(text);
    }

    private static IEnumerable<HostileRequest> Pictures(ApiEndpoint endpoint, string target)
    {
        if (!endpoint.ContentTypes.Contains("image/*"))
        {
            yield break;
        }

        int number = 0;
        foreach (HostilePicture picture in HostilePictures.Crafted(200_000).Where(picture => picture.File.Length < 300_000))
        {
            if (number++ % 11 == 0)
            {
                yield return HostileRequest.Make($"{endpoint}: {picture}", endpoint.Method, target, picture.File, "Content-Type: image/jpeg");
            }
        }
    }

    private static HostileRequest Sound(ApiEndpoint endpoint, Random random) => endpoint.ContentTypes switch
    {
        [] => HostileRequest.Make("", endpoint.Method, endpoint.Target(), default, "Accept: */*"),
        var types when types.Contains("multipart/form-data") && random.Next(2) == 0 => HostileRequest.Make("", endpoint.Method, endpoint.Target(), [.. "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n"u8, .. Picture, .. "\r\n--frontier--\r\n"u8], $"Content-Type: multipart/form-data; boundary={Boundary}"),
        _ => HostileRequest.Make("", endpoint.Method, endpoint.Target(), Body(endpoint), endpoint.ContentTypes.Contains("application/json") ? Json : "Content-Type: image/jpeg"),
    };

    private static byte[] Body(ApiEndpoint endpoint) =>
        endpoint.Examples.FirstOrDefault() is { } example ? Encoding.UTF8.GetBytes(example.ToJsonString()) : endpoint.ContentTypes.Count > 0 ? Picture : [];

    private static string Query(ApiEndpoint endpoint, Random random)
    {
        string[] names = [.. endpoint.QueryParameters, "unknown"];
        return random.Next(2) == 0 ? "" : "?" + string.Join('&', Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{names[random.Next(names.Length)]}={Values[random.Next(Values.Length)]}{Values[random.Next(Values.Length)]}"));
    }

    private static string PathOf(Random random) => string.Join(random.Next(2) == 0 ? "/" : "", Enumerable.Range(0, random.Next(1, 4)).Select(_ => Paths[random.Next(Paths.Length)]));

    private static byte[] MutateJson(ApiEndpoint endpoint, Random random)
    {
        JsonNode[] examples = [.. endpoint.Examples];
        JsonNode example = examples[random.Next(examples.Length)];
        string[] leaves = [.. Leaves(example)];
        if (leaves.Length > 0 && random.Next(2) == 0)
        {
            return Replace(example, leaves[random.Next(leaves.Length)], JsonValues[random.Next(JsonValues.Length)]);
        }

        List<byte> bytes = [.. Encoding.UTF8.GetBytes(example.ToJsonString())];
        for (int k = random.Next(1, 5); k > 0 && bytes.Count > 0; k--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 10), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(JsonValues[random.Next(JsonValues.Length)]));
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
            }
        }

        return [.. bytes];
    }

    // Paths of all values, such as "values/0/data".
    private static IEnumerable<string> Leaves(JsonNode node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => field.Value is null ? [field.Key] : Leaves(field.Value).Select(rest => $"{field.Key}/{rest}").Prepend(field.Key)),
        JsonArray items => items.Take(1).SelectMany((item, i) => item is null ? [$"{i}"] : Leaves(item).Select(rest => $"{i}/{rest}").Prepend($"{i}")),
        _ => [],
    };

    private static byte[] Replace(JsonNode example, string path, string json)
    {
        JsonNode copy = example.DeepClone();
        JsonNode at = copy;
        string[] parts = path.Split('/');
        foreach (string part in parts[..^1])
        {
            at = at is JsonArray items ? items[int.Parse(part, CultureInfo.InvariantCulture)]! : at[part]!;
        }

        if (at is JsonArray array)
        {
            array[int.Parse(parts[^1], CultureInfo.InvariantCulture)] = Placeholder;
        }
        else
        {
            at[parts[^1]] = Placeholder;
        }

        return Encoding.UTF8.GetBytes(copy.ToJsonString().Replace($"\"{Placeholder}\"", json, StringComparison.Ordinal));
    }
}
