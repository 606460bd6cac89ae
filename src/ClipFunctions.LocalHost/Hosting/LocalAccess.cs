using System.Net;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Problems;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace ClipFunctions.LocalHost.Hosting;

/// <summary>
/// Without a key only this machine may ask, and only its own programs and pages: not another machine, not a page of another site in
/// the browser, nor one that has pointed its own name at this machine.
/// </summary>
public static class LocalAccess
{
    private const string Advice = "Set Clip:Http:Key to a secret of your choice, and send it with each request.";

    /// <summary>Turns away, where no key is set, what does not come from this machine. Comes before everything else.</summary>
    public static IApplicationBuilder UseLocalAccess(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        bool hasKey = app.ApplicationServices.GetRequiredService<IOptions<ClipHttpOptions>>().Value.Key is { Length: > 0 };
        if (!hasKey)
        {
            app.Use(async (context, next) =>
            {
                if (Refusal(context) is { } refusal)
                {
                    await HttpGateway.Tell(refusal).ExecuteAsync(context);
                    return;
                }

                await next(context);
            });
        }

        return app;
    }

    /// <summary>Looks at what the server is to listen on (before the start), or listens on (after it: settings of Kestrel's own may add to it).</summary>
    /// <exception cref="InvalidSettingException">It can be reached from other machines, and no key is set.</exception>
    public static void CheckAddresses(IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.GetRequiredService<IOptions<ClipHttpOptions>>().Value.Key is { Length: > 0 })
        {
            return;
        }

        IEnumerable<string> listening = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        string[] planned = services.GetRequiredService<IConfiguration>()[WebHostDefaults.ServerUrlsKey]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        foreach (string address in listening.Concat(planned))
        {
            if (!IsLocal(BindingAddress.Parse(address).Host))
            {
                throw new InvalidSettingException("Clip:Http:Key", $"{address} can be reached from other machines, and no key is set. {Advice} Or set Urls to http://127.0.0.1:7071.");
            }
        }
    }

    private static RequestProblemException? Refusal(HttpContext context)
    {
        if (context.Connection.LocalIpAddress is { } address && !IPAddress.IsLoopback(address))
        {
            return Forbidden($"This host has no key, and so answers its own machine alone. {Advice}");
        }

        if (!IsLocal(context.Request.Host.Host))
        {
            return Forbidden($"This host has no key, and so answers by the names localhost and 127.0.0.1 alone. {Advice}");
        }

        return context.Request.Headers["Sec-Fetch-Site"] == "cross-site" && !HttpMethods.IsGet(context.Request.Method)
            ? Forbidden($"This host has no key, and so answers no other site's pages. {Advice}")
            : null;
    }

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    private static RequestProblemException Forbidden(string detail) => new(StatusCodes.Status403Forbidden, "KeyNotSet", "Only this machine may ask", detail);
}
