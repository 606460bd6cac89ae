using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>Sends bytes as they are: clients of a library would set them right.</summary>
internal static class RawConnection
{
    private static readonly TimeSpan TricklePause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan EndPause = TimeSpan.FromMilliseconds(150);

    /// <summary>Sends a request over a connection of its own, and takes what comes until the server closes it.</summary>
    /// <param name="address">The server.</param>
    /// <param name="request">The request.</param>
    /// <param name="limit">The longest wait.</param>
    public static async Task<RawAnswer> SendAsync(Uri address, HostileRequest request, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(limit);
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using MemoryStream received = new();
        bool timedOut = false;
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, address.Port, stop.Token);

            // At the same time: a server that turns a large body away answers before it has all of it.
            Task sending = WriteAsync(socket, request, stop.Token);
            if (request.IsAborted)
            {
                await sending;
                socket.LingerState = new LingerOption(true, 0);
                return new RawAnswer([], Stopwatch.GetElapsedTime(start), false);
            }

            byte[] buffer = new byte[64 * 1024];
            try
            {
                while (await socket.ReceiveAsync(buffer, stop.Token) is > 0 and int count)
                {
                    received.Write(buffer, 0, count);
                }
            }
            finally
            {
                await stop.CancelAsync();
                await sending;
            }
        }
        catch (SocketException)
        {
            // Reset, with or without an answer before.
        }
        catch (OperationCanceledException)
        {
            timedOut = Stopwatch.GetElapsedTime(start) >= limit;
        }

        return new RawAnswer(received.ToArray(), Stopwatch.GetElapsedTime(start), timedOut).Parse(request.IsHead);
    }

    private static async Task WriteAsync(Socket socket, HostileRequest request, CancellationToken cancellationToken)
    {
        try
        {
            int each = request.Trickle > 0 ? request.Trickle : request.Bytes.Length;
            for (int at = 0; at < request.Bytes.Length;)
            {
                at += await socket.SendAsync(request.Bytes.AsMemory(at, Math.Min(Math.Max(each, request.SentAtOnce - at), request.Bytes.Length - at)), cancellationToken);
                if (request.Trickle > 0)
                {
                    await Task.Delay(TricklePause, cancellationToken);
                }
            }

            if (request.EndsEarly)
            {
                // Who closes at once is taken for gone, and not answered.
                await Task.Delay(EndPause, cancellationToken);
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The server did not want the rest.
        }
    }
}
