namespace ClipFunctions.Clip.Inference;

/// <summary>Counts who uses something and frees it when it is closed and the last user has gone.</summary>
internal sealed class UsageGate(string name, Action free)
{
    private readonly Lock _lock = new();
    private int _users;
    private bool _closed;

    public Usage Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, name);
            _users++;
        }

        return new Usage(this);
    }

    public void Close()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            if (_users > 0)
            {
                return;
            }
        }

        free();
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_users > 0 || !_closed)
            {
                return;
            }
        }

        free();
    }

    public readonly struct Usage(UsageGate gate) : IDisposable
    {
        public void Dispose() => gate.Leave();
    }
}
