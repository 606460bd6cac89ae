using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching.Batching;

namespace ClipFunctions.ModelCaching;

/// <summary>The right to use a loaded model: it is not freed before every lease on it is disposed.</summary>
public sealed class ModelLease : IDisposable
{
    private readonly ClipModel _model;
    private readonly ModelEncoder _encoder;
    private Action? _release;

    internal ModelLease(ClipModel model, ModelEncoder encoder, Action release)
    {
        _model = model;
        _encoder = encoder;
        _release = release;
    }

    /// <summary>The model. Not to be disposed, nor used after the lease is.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been given back.</exception>
    public ClipModel Model
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _release) is null, this);
            return _model;
        }
    }

    /// <summary>Encodes in batches that all users of the model share. Its work must end before the lease is given back.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been given back.</exception>
    public ModelEncoder Encoder
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _release) is null, this);
            return _encoder;
        }
    }

    /// <summary>Gives the lease back; a second time does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
