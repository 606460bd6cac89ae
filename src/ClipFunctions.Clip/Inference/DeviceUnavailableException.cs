namespace ClipFunctions.Clip.Inference;

/// <summary>The device that was asked for cannot be had; the message says what is missing.</summary>
/// <param name="device">What was asked for.</param>
/// <param name="reason">What is missing.</param>
/// <param name="innerException">What lies behind it.</param>
public sealed class DeviceUnavailableException(string device, string reason, Exception? innerException = null)
    : Exception($"Device '{device}' cannot be had: {reason}", innerException)
{
    /// <summary>What was asked for.</summary>
    public string Device { get; } = device;
}
