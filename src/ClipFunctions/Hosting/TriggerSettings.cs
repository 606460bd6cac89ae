using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Storage;
using Microsoft.Extensions.Configuration;

namespace ClipFunctions.Hosting;

/// <summary>
/// Settings that the triggers cannot follow. Their attributes name container and queues as constants: whatever scales the app from zero reads them from
/// outside the process, where settings are not resolved reliably.
/// </summary>
internal static class TriggerSettings
{
    private static readonly (string Key, string Fixed)[] FixedNames =
    [
        (nameof(StorageLayout.Uploads), StorageLayout.DefaultUploads),
        (nameof(StorageLayout.EvaluationQueue), StorageLayout.DefaultEvaluationQueue),
        (nameof(StorageLayout.ShardQueue), StorageLayout.DefaultShardQueue),
        (nameof(StorageLayout.FitQueue), StorageLayout.DefaultFitQueue),
    ];

    /// <summary>Looks at the settings.</summary>
    /// <exception cref="InvalidSettingException">A name differs from the triggers', or both triggers of uploads are on.</exception>
    public static void Check(IConfiguration configuration)
    {
        foreach ((string key, string name) in FixedNames)
        {
            string setting = $"{StorageLayout.Section}:{key}";
            if (configuration[setting] is { Length: > 0 } other && other != name)
            {
                throw new InvalidSettingException(setting, $"Setting '{setting}' is '{other}', but the functions' triggers are bound to '{name}'. Leave the setting out, or change the constant in StorageLayout and build.");
            }
        }

        if (!IsDisabled(FunctionNames.TagUploadOnEvent) && !IsDisabled(FunctionNames.TagUploadOnScan))
        {
            string setting = FunctionNames.DisabledSetting(FunctionNames.TagUploadOnScan);
            throw new InvalidSettingException(
                setting,
                $"Both triggers of uploads are on, and each picture would be looked at twice. Set '{setting}' to true where Event Grid tells of uploads, " +
                $"or '{FunctionNames.DisabledSetting(FunctionNames.TagUploadOnEvent)}' where the container is scanned.");
        }

        // App Service on Linux allows no dots in names: there the setting stands with underscores.
        bool IsDisabled(string function) =>
            configuration.GetValue<bool>(FunctionNames.DisabledSetting(function)) ||
            configuration.GetValue<bool>(FunctionNames.DisabledSetting(function).Replace('.', '_'));
    }
}
