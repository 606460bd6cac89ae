using Microsoft.Extensions.Logging;

namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>Sends a request again while its faults are transient, a bounded number of times, with growing waits.</summary>
internal sealed partial class RetryLoop(DownloadOptions options, ILogger logger)
{
    public async Task<T> RunAsync<T>(Uri address, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await attempt(cancellationToken);
            }
            catch (TransientFaultException fault)
            {
                if (tries >= options.MaxTries)
                {
                    throw new ModelDownloadException(
                        DownloadFault.Unreachable,
                        address,
                        $"given up after {tries} tries; the last one: {fault.Message} Check the network (proxy, Clip:HubUrl) and try again: what has come is kept.",
                        fault);
                }

                TimeSpan delay = fault.RetryAfter ?? Backoff(tries);
                if (delay > options.MaxRetryAfter)
                {
                    throw new ModelDownloadException(DownloadFault.Unreachable, address, $"{fault.Message} The server asks to wait {delay.TotalSeconds:F0} s; try again then.", fault);
                }

                LogRetry(ModelDownloadException.Shown(address.AbsoluteUri), fault.Message, delay.TotalSeconds, tries + 1, options.MaxTries);
                await Task.Delay(delay, cancellationToken);
            }
        }
    }

    // Up to a quarter is taken off by chance, so that machines that failed together do not come back together.
    private TimeSpan Backoff(int tries)
    {
        double doubled = options.FirstDelay.TotalMilliseconds * Math.Pow(2, tries - 1);
        return TimeSpan.FromMilliseconds(Math.Min(doubled, options.MaxDelay.TotalMilliseconds) * (1 - (Random.Shared.NextDouble() / 4)));
    }

    [LoggerMessage(1, LogLevel.Warning, "{Address}: {Problem} Again in {Seconds:F1} s (try {Try} of {MaxTries})")]
    private partial void LogRetry(string address, string problem, double seconds, int @try, int maxTries);
}
