namespace ClipFunctions.Clip.Imaging;

/// <summary>A picture cannot be used, and trying again will not help: the file is at fault, not the machine.</summary>
public abstract class ImageException : Exception
{
    private protected ImageException(string reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>A stable code for records and logs, such as <c>Corrupt</c> or <c>TooManyPixels</c>.</summary>
    public string Reason { get; }
}
