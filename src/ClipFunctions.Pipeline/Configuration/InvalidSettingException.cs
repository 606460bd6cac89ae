namespace ClipFunctions.Pipeline.Configuration;

/// <summary>A setting is missing or cannot be used.</summary>
public sealed class InvalidSettingException : Exception
{
    /// <summary>Names the setting.</summary>
    /// <param name="setting">Its name.</param>
    /// <param name="message">What is wrong, and what to do.</param>
    /// <param name="innerException">What found it.</param>
    public InvalidSettingException(string setting, string message, Exception? innerException = null)
        : base(message, innerException) => Setting = setting;

    /// <summary>The setting's name.</summary>
    public string Setting { get; }
}
