using System.Diagnostics;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// Bounds the time of decoding one picture, and lets it be cancelled. Decoders look at it every few rows. The time between two looks counts for at most
/// a second: whoever was stopped in between (by a debugger, a paused machine) must not call a sound picture bad for it, since that is on record for good.
/// </summary>
internal sealed class DecodeWatch(TimeSpan limit, CancellationToken cancellationToken)
{
    private static readonly long Longest = Stopwatch.Frequency;

    private readonly long _limit = (long)(limit.TotalSeconds * Stopwatch.Frequency);
    private long _last = Stopwatch.GetTimestamp();
    private long _spent;

    /// <summary>Ends the decoding if it is to end.</summary>
    /// <exception cref="DecodeTimeoutException">The time is spent.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Check()
    {
        cancellationToken.ThrowIfCancellationRequested();
        long now = Stopwatch.GetTimestamp();
        _spent += Math.Min(now - _last, Longest);
        _last = now;
        if (_spent > _limit)
        {
            throw new DecodeTimeoutException(limit);
        }
    }
}
