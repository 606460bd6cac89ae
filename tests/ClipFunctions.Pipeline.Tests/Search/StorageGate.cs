using System.Net;
using System.Net.Sockets;

namespace ClipFunctions.Pipeline.Tests.Search;

/// <summary>A way to Azurite that can be closed: while it is, requests wait on it, or are refused.</summary>
internal sealed class StorageGate : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _target;
    private readonly Task _accepting;
    private volatile TaskCompletionSource _open = Opened();
    private int _waiting;
    private int _requests;
    private int _allowed = int.MaxValue;

    /// <param name="connectionString">Azurite's.</param>
    public StorageGate(string connectionString)
    {
        string endpoint = connectionString.Split(';').Single(part => part.StartsWith("BlobEndpoint=", StringComparison.Ordinal))["BlobEndpoint=".Length..];
        _target = new Uri(endpoint);
        _listener.Start();
        ConnectionString = connectionString.Replace(
            endpoint, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{_target.AbsolutePath}", StringComparison.Ordinal);
        _accepting = AcceptAsync();
    }

    /// <summary>Opens the account through the gate.</summary>
    public string ConnectionString { get; }

    /// <summary>Reads that have come to the gate.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Requests from now on wait.</summary>
    public void Close()
    {
        Volatile.Write(ref _allowed, int.MaxValue);
        _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Lets them through.</summary>
    public void Open()
    {
        Volatile.Write(ref _allowed, int.MaxValue);
        _open.TrySetResult();
    }

    /// <summary>Reads are refused, in a way that the SDK does not try again.</summary>
    /// <param name="after">So many are still let through.</param>
    public void Refuse(int after = 0) => Volatile.Write(ref _allowed, Requests + after);

    /// <summary>Waits until a request waits at the gate.</summary>
    public async Task RequestAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _waiting) == 0)
        {
            await Task.Delay(5, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private static TaskCompletionSource Opened()
    {
        TaskCompletionSource open = new();
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                connections.Add(ConnectAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ConnectAsync(TcpClient client)
    {
        using TcpClient from = client;
        using TcpClient to = new();
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        try
        {
            await to.ConnectAsync(_target.Host, _target.Port, done.Token);
            Task requests = PumpAsync(from.GetStream(), to.GetStream(), gated: true, done.Token);
            Task answers = PumpAsync(to.GetStream(), from.GetStream(), gated: false, done.Token);
            await Task.WhenAny(requests, answers);
            await done.CancelAsync();
            await Task.WhenAll(requests, answers);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException)
        {
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, bool gated, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 14];
        int count;
        while ((count = await from.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (gated && buffer.AsSpan(0, count).StartsWith("GET "u8) && Interlocked.Increment(ref _requests) > Volatile.Read(ref _allowed))
            {
                await from.WriteAsync("HTTP/1.1 403 Forbidden\r\nx-ms-error-code: AuthorizationFailure\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellationToken);
                continue;
            }

            if (gated && !_open.Task.IsCompleted)
            {
                Interlocked.Increment(ref _waiting);
                try
                {
                    await _open.Task.WaitAsync(cancellationToken);
                }
                finally
                {
                    Interlocked.Decrement(ref _waiting);
                }
            }

            await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }
}
