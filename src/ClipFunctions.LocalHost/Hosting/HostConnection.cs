namespace ClipFunctions.LocalHost.Hosting;

/// <summary>The storage account of the host itself: receipts, the trigger's queue, the poison queue.</summary>
public static class HostConnection
{
    /// <summary>The setting's name and the service's key.</summary>
    public const string Key = "AzureWebJobsStorage";
}
