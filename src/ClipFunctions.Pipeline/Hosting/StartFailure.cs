using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Hosting;

/// <summary>What can be wrong at the start that a person can mend: told in a line, without a stack.</summary>
public static class StartFailure
{
    /// <summary>The line; null for a fault of ours, whose stack is wanted.</summary>
    public static string? Explain(Exception exception) => exception switch
    {
        OptionsValidationException options => string.Join(Environment.NewLine, options.Failures),
        IOException { InnerException: AddressInUseException } address => $"{address.Message} Free it, or set Urls to another address.",
        ModelNotFoundException or InvalidBundleException or DeviceUnavailableException or InvalidLabelSetException
            or InvalidDataException or InvalidSettingException or ModelDownloadException or InvalidCheckpointException or InvalidCatalogException or ModelPreloadException => exception.Message,
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        _ => null,
    };
}
