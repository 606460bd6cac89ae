using System.CommandLine;
using ClipFunctions.Cli.Hosting;
using ClipFunctions.Pipeline;
using Microsoft.Extensions.Configuration;

namespace ClipFunctions.Cli;

/// <summary>Where pictures, results and queues are. What is not given comes from the environment, in the forms that the hosts read: <c>ClipStorage</c>, <c>ClipStorage__accountName</c> …</summary>
internal sealed class StorageOptions
{
    private const string HostSetting = "AzureWebJobsStorage";

    public Option<string?> Storage { get; } = new("--storage")
    {
        Description = "The storage account: its name (opened with your own sign-in: az login), or a connection string (ClipStorage, ClipStorage__accountName …).",
        HelpName = "ACCOUNT",
    };

    public Option<string?> HostStorage { get; } = new("--host-storage")
    {
        Description = "The host's own account, if it is another one (AzureWebJobsStorage …).",
        HelpName = "ACCOUNT",
    };

    /// <summary>What the options and the environment say.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="withHost">Whether the host's account is wanted too.</param>
    /// <param name="settings">Further settings; those without a value are left out.</param>
    public IConfiguration Configuration(ParseResult parsed, bool withHost, params IEnumerable<(string Key, string? Value)> settings)
    {
        Dictionary<string, string?> given = settings.Where(setting => setting.Value is not null).ToDictionary(setting => setting.Key, setting => setting.Value);
        Add(given, ClipPipelineServices.StorageSetting, parsed.GetValue(Storage));
        if (withHost)
        {
            Add(given, HostSetting, parsed.GetValue(HostStorage));
        }

        IConfigurationRoot configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(given).Build();
        if (withHost && !configuration.GetSection(HostSetting).Exists())
        {
            // Mostly the two are one.
            IEnumerable<KeyValuePair<string, string?>> same = configuration.GetSection(ClipPipelineServices.StorageSetting).AsEnumerable()
                .Select(entry => KeyValuePair.Create(HostSetting + entry.Key[ClipPipelineServices.StorageSetting.Length..], entry.Value));
            return new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(same).Build();
        }

        return configuration;
    }

    /// <summary>The host's account, as <see cref="CliPipeline"/> knows it.</summary>
    public const string Host = HostSetting;

    // An account's name has no '=' and no ';', every connection string has.
    private static void Add(Dictionary<string, string?> settings, string name, string? account)
    {
        if (account is not { Length: > 0 })
        {
            return;
        }

        settings[account.Contains('=', StringComparison.Ordinal) ? name : name + ":accountName"] = account;
    }
}
